/// SipHash-2-4 (Aumasson and Bernstein, 2012): a 64-bit hash that cannot be predicted or verified without the key.
///
/// The same in every process and release, unlike Swift's `Hasher`.
public struct SipHash: Sendable {
    /// The key, 128 bits.
    public struct Key: Hashable, Sendable {
        let low: UInt64
        let high: UInt64

        /// Makes a key of its 128 bits.
        public init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    /// The bytes that do not fill a word yet, the first one lowest.
    private var rest: UInt64 = 0
    private var count: UInt64 = 0

    /// Begins with nothing combined.
    public init(key: Key) {
        v0 = key.low ^ 0x736F_6D65_7073_6575
        v1 = key.high ^ 0x646F_7261_6E64_6F6D
        v2 = key.low ^ 0x6C79_6765_6E65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    /// Takes one to eight bytes.
    ///
    /// - Parameter word: the bytes, the first one lowest, and nothing above them.
    public mutating func combine(_ word: UInt64, bytes added: UInt64) {
        let filled = count & 7
        rest |= word &<< (8 &* filled)
        count &+= added
        guard filled &+ added >= 8 else { return }
        compress(rest)
        rest = filled == 0 ? 0 : word &>> (64 &- 8 &* filled)
    }

    mutating func combine(_ byte: UInt8) { combine(UInt64(byte), bytes: 1) }

    /// Takes a text and the end of it: "a", "bc" and "ab", "c" are not the same.
    public mutating func combine(_ text: String) {
        text.withBytes { bytes in
            var place = 0
            while place + 8 <= bytes.count {
                combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)), bytes: 8)
                place += 8
            }
            // A byte that UTF-8 never has ends it.
            var last: UInt64 = 0xFF
            for byte in bytes[place...].reversed() { last = last << 8 | UInt64(byte) }
            combine(last, bytes: UInt64(bytes.count - place + 1))
        }
    }

    /// The hash of all that was combined so far; more may follow.
    public var value: UInt64 {
        var end = self
        end.compress(rest | count << 56)
        end.v2 ^= 0xFF
        for _ in 0..<4 { end.mix() }
        return end.v0 ^ end.v1 ^ end.v2 ^ end.v3
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        mix()
        mix()
        v0 ^= word
    }

    private mutating func mix() {
        v0 &+= v1
        v1 = v1.rotated(13) ^ v0
        v0 = v0.rotated(32)
        v2 &+= v3
        v3 = v3.rotated(16) ^ v2
        v0 &+= v3
        v3 = v3.rotated(21) ^ v0
        v2 &+= v1
        v1 = v1.rotated(17) ^ v2
        v2 = v2.rotated(32)
    }
}

extension UInt64 {
    /// Rotated to the left.
    fileprivate func rotated(_ bits: UInt64) -> UInt64 { self &<< bits | self &>> (64 &- bits) }
}
