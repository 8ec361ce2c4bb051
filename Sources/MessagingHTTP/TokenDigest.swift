/// What is remembered in the place of a verified token, which may have a kilobyte: its end, byte by byte, and a checksum of all of it.
///
/// The end is that of the signature, some 190 bits that nobody can guess or make: only who has somebody's token has them. So nobody can
/// be taken for somebody else. The checksum is there because a signature counts for nothing in front of which something else stands; who gets
/// past it with claims that are not those of their token is still taken for its bearer, and no more.
struct TokenDigest: Hashable, Sendable {
    private static let endLength = 32

    private let end: (UInt64, UInt64, UInt64, UInt64)
    private let checksum: UInt64

    /// Takes a whole token; nil where it is too short to end in a signature.
    init?(_ token: ArraySlice<UInt8>) {
        guard token.count >= Self.endLength else { return nil }
        (end, checksum) = token.withUnsafeBytes { bytes in
            func word(at offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
            let wordLength = MemoryLayout<UInt64>.size
            var checksum = UInt64(bytes.count)
            // What is left of the last word is in the end.
            for offset in stride(from: 0, through: bytes.count - wordLength, by: wordLength) {
                checksum = ((checksum << 23 | checksum >> 41) ^ word(at: offset)) &* 0x9E37_79B9_7F4A_7C15
            }
            let start = bytes.count - Self.endLength
            return ((word(at: start), word(at: start + 8), word(at: start + 16), word(at: start + 24)), checksum)
        }
    }

    static func == (lhs: TokenDigest, rhs: TokenDigest) -> Bool { lhs.end == rhs.end && lhs.checksum == rhs.checksum }

    /// Only of verified tokens are many kept, so nobody can choose what is hashed.
    func hash(into hasher: inout Hasher) {
        hasher.combine(end.3)
    }
}
