/// A repeatable source of chance (SplitMix64), so that a failing history can be run again.
struct Generator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// True once in `n` times.
    mutating func once(in n: Int) -> Bool {
        Int.random(in: 0..<n, using: &self) == 0
    }

    /// One of these.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int.random(in: choices.indices, using: &self)]
    }

    /// A limit, mostly one that cuts.
    mutating func limit() -> Int { pick([1, 1, 2, 2, 3, 500]) }
}
