import MessagingHTTP
import Testing

@testable import postbox

@Suite("Limits of rates")
struct LimitOptionsTests {
    private func limits(_ arguments: String...) throws -> ServiceLimits {
        try LimitOptions.parse(arguments).serviceLimits(trustedProxies: AddressRanges())
    }

    @Test("A server that is the only one allows the whole rates")
    func one() throws {
        let limits = try limits("--send-rate", "6", "--send-burst", "30")
        #expect(limits.sends == RateLimit(name: "sends", perSecond: 6, burst: 30))
    }

    @Test("With --nodes each server allows its part, at least one request at once, and no limit stays none")
    func several() throws {
        let limits = try limits(
            "--nodes", "4", "--send-rate", "6", "--send-burst", "30", "--open-burst", "2", "--poll-rate", "0")
        #expect(limits.sends == RateLimit(name: "sends", perSecond: 1.5, burst: 8))
        #expect(limits.openings.burst == 1)
        #expect(limits.polls.perSecond == 0)
    }

    @Test("A number of servers out of range is refused", arguments: ["0", "1001", "-1", "x"])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try limits("--nodes", text) }
    }
}
