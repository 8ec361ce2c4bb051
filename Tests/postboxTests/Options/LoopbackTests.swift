import Testing

@testable import postbox

@Suite("Loopback")
struct LoopbackTests {
    @Test(
        "Loopback hosts are reached by programs on this machine only",
        arguments: ["localhost", "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"])
    func loopback(host: String) {
        #expect(Loopback.contains(host))
    }

    @Test(
        "Other hosts are not loopback",
        arguments: [
            "", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "127.0.0.1.example.com", "127.example.com", "127.0.0",
            "127.0.0.256",
            "127.0.0.1.1", "localhost.example.com", "example.com", "::ffff:10.0.0.1", "127...", "1.127.0.0",
        ])
    func others(host: String) {
        #expect(!Loopback.contains(host))
    }
}
