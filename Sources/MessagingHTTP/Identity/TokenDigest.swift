/// A keyed hash of all bytes of a token, which is remembered in its place.
///
/// It is NH, the hash inside UMAC (RFC 4418, section 5.2.2), with 64-bit words and two passes. Two different tokens of one length, chosen
/// without the key, have the same digest with a probability of at most 2^-128. Digests never leave the process, so they tell nothing of
/// the key. It is computed at every poll; NH needs one multiplication for eight bytes.
struct TokenDigest: Hashable, Sendable {
    private static let blockLength = 16

    // Words rather than UInt128, which would take more room for its alignment.
    private let sums: (UInt64, UInt64, UInt64, UInt64)
    private let length: Int

    /// Nil for what is shorter than any token, and for a token of more than ``TokenHashKey/longestToken`` bytes.
    @inline(__always)
    init?(_ token: ArraySlice<UInt8>, key: TokenHashKey) {
        guard (Self.blockLength...TokenHashKey.longestToken).contains(token.count) else { return nil }
        length = token.count
        let (first, second) = token.withUnsafeBytes { bytes in key.words.withUnsafeBytes { Self.sums(bytes, $0) } }
        sums = (
            UInt64(truncatingIfNeeded: first), UInt64(truncatingIfNeeded: first >> 64),
            UInt64(truncatingIfNeeded: second), UInt64(truncatingIfNeeded: second >> 64)
        )
    }

    static func == (lhs: TokenDigest, rhs: TokenDigest) -> Bool { lhs.sums == rhs.sums && lhs.length == rhs.length }

    /// The digest is already uniformly distributed.
    func hash(into hasher: inout Hasher) {
        hasher.combine(sums.0)
    }

    private static func sums(_ token: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer) -> (UInt128, UInt128) {
        var (first, second) = (UInt128(0), UInt128(0))
        @inline(__always)
        func add(_ offset: Int, keyOffset: Int) {
            let left = token.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let right = token.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
            @inline(__always)
            func product(_ offset: Int) -> UInt128 {
                UInt128(left &+ key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    &* UInt128(right &+ key.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            }
            first &+= product(keyOffset)
            // The second pass takes the key from one block further on (RFC 4418, section 5.2.3).
            second &+= product(keyOffset &+ blockLength)
        }
        var offset = 0
        while offset &+ blockLength <= token.count {
            add(offset, keyOffset: offset)
            offset &+= blockLength
        }
        // What is left over is in the last sixteen bytes.
        if offset < token.count { add(token.count &- blockLength, keyOffset: offset) }
        return (first, second)
    }
}

/// The secret of one process that its token digests depend on.
public struct TokenHashKey: Sendable {
    /// The longest token that it is long enough for, in bytes: more than the head of a request has unless configured.
    static let longestToken = 16 * 1024

    fileprivate let words: [UInt64]

    /// - Parameter random: returns unpredictable words.
    public init(random: () -> UInt64) {
        // Two words more, for the second pass.
        words = (0..<(Self.longestToken / 8 + 2)).map { _ in random() }
    }
}
