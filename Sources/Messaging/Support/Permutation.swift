/// A permutation of the numbers of 64 bits that looks like chance to everybody without the key.
///
/// A balanced Feistel network whose round function is ``SipHash``. Six rounds withstand every attack with fewer than about 2^32
/// numbers and their images (Patarin, "Security of Random Feistel Schemes with 5 or More Rounds", CRYPTO 2004).
struct Permutation: Sendable {
    private static let rounds: UInt8 = 6

    private let start: SipHash

    init(key: SipHash.Key) {
        start = SipHash(key: key)
    }

    func image(of number: UInt64) -> UInt64 {
        var (left, right) = (UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number))
        for round in 0..<Self.rounds { (left, right) = (right, left ^ mixed(right, round)) }
        return UInt64(left) << 32 | UInt64(right)
    }

    func number(of image: UInt64) -> UInt64 {
        var (left, right) = (UInt32(truncatingIfNeeded: image >> 32), UInt32(truncatingIfNeeded: image))
        for round in (0..<Self.rounds).reversed() { (left, right) = (right ^ mixed(left, round), left) }
        return UInt64(left) << 32 | UInt64(right)
    }

    private func mixed(_ half: UInt32, _ round: UInt8) -> UInt32 {
        var hash = start
        hash.combine(UInt64(half) | UInt64(round) << 32, bytes: 5)
        return UInt32(truncatingIfNeeded: hash.value)
    }
}
