import HTTP
import Testing

@testable import MessagingHTTP

@Suite("Preferences of clients")
struct PreferenceTests {
    private func wait(_ lines: String...) -> Int? {
        Preference.wait(in: request(.get, "/", lines.map { (.prefer, $0) }).fields)
    }

    @Test(
        "wait is a whole number of seconds, in any case, among other preferences, with parameters, quoted or not",
        arguments: [
            ("wait=10", 10), ("wait=0", 0), ("Wait=7", 7), ("WAIT = 7", 7), ("wait=\"7\"", 7), (" wait=7 ", 7),
            ("respond-async, wait=100", 100), ("wait=10; foo=bar", 10), ("return=minimal;wait=3, wait=5", 5),
            ("foo=\"a, wait=1\", wait=2", 2), ("foo=\"\\\", wait=1\", wait=2", 2), (", ,wait=4", 4), ("wait=007", 7),
            ("wait=99999999999999999999999999", Int.max),
        ])
    func valid(value: String, seconds: Int) {
        #expect(wait(value) == seconds)
    }

    @Test(
        "what is no whole number is no wait",
        arguments: [
            "", "wait", "wait=", "wait=-1", "wait=1.5", "wait=+1", "wait=1 2", "wait=a", "waits=1", "await=1",
            "wait=\"1",
            "w\u{e4}it=1", "wait=\u{663}", "=1", "\"wait=1\"", "respond-async",
        ])
    func invalid(value: String) {
        #expect(wait(value) == nil)
    }

    @Test("The first wait counts, also where it is none that is valid, over all lines")
    func first() {
        #expect(wait("wait=1, wait=2") == 1)
        #expect(wait("respond-async", "wait=3", "wait=4") == 3)
        #expect(wait("wait=x, wait=2") == nil)
        #expect(wait() == nil)
    }
}
