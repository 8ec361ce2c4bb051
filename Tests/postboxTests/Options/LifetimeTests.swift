import Testing

@testable import postbox

@Suite("How long a token is good")
struct LifetimeTests {
    @Test(
        "A lifetime is a number and a unit",
        arguments: [("1s", 1), ("90s", 90), ("15m", 900), ("1h", 3600), ("30d", 2_592_000), ("9999d", 863_913_600)])
    func read(text: String, seconds: Int64) {
        #expect(Lifetime(text)?.seconds == seconds)
    }

    @Test(
        "Anything but a number and a unit is no lifetime",
        arguments: ["", "1", "90", "h", "0h", "01h", "-1h", "1H", "1 h", "1.5h", "10000s", "1w", "1hh", "1h "])
    func refused(text: String) {
        #expect(Lifetime(text) == nil)
        #expect(throws: (any Error).self) { try Lifetime.argument(text) }
    }
}
