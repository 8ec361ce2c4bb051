import Testing

@testable import postbox

@Suite("The load of the event loops")
struct LoopLoadTests {
    @Test("The share is that of the busiest loop over the time since the last look, and at most all of it")
    func share() {
        var load = LoopLoad([0, 0], at: 0)
        #expect(load.share([300_000_000, 900_000_000], at: 1_000_000_000) == 0.9)
        #expect(load.share([1_300_000_000, 900_000_000], at: 3_000_000_000) == 0.5)
        #expect(load.share([9_300_000_000, 900_000_000], at: 4_000_000_000) == 1)
        #expect(load.share([9_300_000_000, 900_000_000], at: 5_000_000_000) == 0)
    }

    @Test("Looks that follow each other at once tell nothing, and lose nothing")
    func early() {
        var load = LoopLoad([0], at: 0)
        #expect(load.share([100_000_000], at: 100_000_000) == nil)
        #expect(load.share([200_000_000], at: 200_000_000) == nil)
        #expect(load.share([500_000_000], at: 1_000_000_000) == 0.5)
    }
}
