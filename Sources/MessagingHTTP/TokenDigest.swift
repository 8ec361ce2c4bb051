/// What is remembered in the place of a token, which may have kilobytes: a keyed hash of all its bytes.
///
/// It is NH, the hash inside UMAC (RFC 4418, section 5.2.2), with words of 64 bits and two passes: two tokens that somebody chose without
/// the key have the same digest with a probability of at most 2^-128. A digest never leaves the process, so nobody learns of the key.
/// It takes some 250 instructions for an ordinary token, a fifth of SipHash, and is computed at every poll.
struct TokenDigest: Hashable, Sendable {
    private let length: Int
    private let first: UInt128
    private let second: UInt128

    /// Nil for a token of more than ``TokenHashKey/longestToken`` bytes.
    init?(_ token: ArraySlice<UInt8>, key: TokenHashKey) {
        guard token.count <= TokenHashKey.longestToken else { return nil }
        length = token.count
        (first, second) = token.withUnsafeBytes { bytes in key.words.withUnsafeBufferPointer { Self.sums(bytes, $0) } }
    }

    /// The digest is as good as random already.
    func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(truncatingIfNeeded: first))
    }

    /// The second pass takes the key from one block further on (RFC 4418, section 5.2.3).
    private static func sums(_ token: UnsafeRawBufferPointer, _ key: UnsafeBufferPointer<UInt64>) -> (UInt128, UInt128)
    {
        var sums = (UInt128(0), UInt128(0))
        func add(_ left: UInt64, _ right: UInt64, _ place: Int) {
            sums.0 &+= UInt128(left &+ key[place]) &* UInt128(right &+ key[place + 1])
            sums.1 &+= UInt128(left &+ key[place + 2]) &* UInt128(right &+ key[place + 3])
        }
        let blockLength = 16
        let whole = token.count & ~(blockLength - 1)
        for offset in stride(from: 0, to: whole, by: blockLength) {
            add(
                token.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                token.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self), offset / 8)
        }
        if whole < token.count {
            var rest = (UInt64(0), UInt64(0))
            withUnsafeMutableBytes(of: &rest) { $0.copyBytes(from: token[whole...]) }
            add(rest.0, rest.1, whole / 8)
        }
        return sums
    }
}

/// The secret of one process that its token digests depend on.
public struct TokenHashKey: Sendable {
    /// The longest token that it is long enough for, in bytes: more than the head of a request has unless configured.
    static let longestToken = 16 * 1024

    fileprivate let words: [UInt64]

    /// - Parameter random: gives words that nobody can predict.
    public init(random: () -> UInt64) {
        // Two words more, for the second pass.
        words = (0..<(Self.longestToken / 8 + 2)).map { _ in random() }
    }
}
