import Testing

@testable import Metrics

@Suite("People seen lately")
struct DistinctUserEstimatorTests {
    /// Numbers that look random and are the same in every run (SplitMix64).
    private static func person(_ number: Int) -> UInt64 {
        var bits = UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    @Test(
        "Few people are counted exactly, many within 5 %", arguments: [0, 1, 2, 3, 10, 25, 300, 5000, 20_000, 200_000])
    func accuracy(people: Int) {
        let sketch = DistinctUserEstimator()
        for number in 0..<people { sketch.see(Self.person(number), at: 100) }
        let estimate = DistinctUserEstimator.estimate([sketch], at: 100)
        #expect(abs(estimate - people) <= (people <= 25 ? 0 : people / 20), "\(estimate)")
    }

    @Test("A person seen repeatedly, by several loops, counts once")
    func repeated() {
        let sketches = [DistinctUserEstimator(), DistinctUserEstimator()]
        for second in 0..<20 {
            for number in 0..<5 { sketches[second % 2].see(Self.person(number), at: second) }
        }
        #expect(DistinctUserEstimator.estimate(sketches, at: 20) == 5)
    }

    @Test("A person counts for at least 30 and at most 32 seconds after they were last seen")
    func window() {
        for start in [0, 1, 2, 3, 1000, 1001] {
            let sketch = DistinctUserEstimator()
            sketch.see(Self.person(7), at: start)
            #expect(DistinctUserEstimator.estimate([sketch], at: start + 30) == 1, "\(start)")
            #expect(DistinctUserEstimator.estimate([sketch], at: start + 32) == 0, "\(start)")
        }
    }

    @Test("a place that is used again has forgotten who was there before, also after a long silence")
    func reuse() {
        let sketch = DistinctUserEstimator()
        for number in 0..<50 { sketch.see(Self.person(number), at: 0) }
        sketch.see(Self.person(99), at: 32)
        #expect(DistinctUserEstimator.estimate([sketch], at: 32) == 1)
        sketch.see(Self.person(100), at: 1_000_000)
        #expect(DistinctUserEstimator.estimate([sketch], at: 1_000_000) == 1)
    }
}
