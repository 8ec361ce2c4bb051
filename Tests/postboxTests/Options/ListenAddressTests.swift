import Testing

@testable import postbox

@Suite("Addresses with a port")
struct ListenAddressTests {
    @Test(
        "An address to listen on has a host and a port",
        arguments: [("127.0.0.1:9090", "127.0.0.1"), ("localhost:9090", "localhost"), ("[::1]:9090", "::1")])
    func good(text: String, host: String) {
        #expect(ListenAddress(argument: text)?.host == host)
        #expect(ListenAddress(argument: text)?.port == 9090)
    }

    @Test(
        "Text that is no address with a port is refused",
        arguments: ["", "9090", ":9090", "127.0.0.1", "127.0.0.1:", "a:99999", "::1:9090", "[]:1"])
    func bad(text: String) {
        #expect(ListenAddress(argument: text) == nil)
    }

    @Test("an IPv6 address has brackets in a URL")
    func urls() {
        #expect(ListenAddress.url("::1", 1) == "http://[::1]:1")
        #expect(ListenAddress.url("localhost", 1) == "http://localhost:1")
    }

    @Test("The figures of this process are read")
    func process() {
        let figures = ProcessStatistics()
        #expect(figures.residentBytes > 1_000_000)
        #expect(figures.virtualBytes >= figures.residentBytes)
        #expect(figures.openDescriptors >= 3)
        #expect(figures.mostDescriptors >= figures.openDescriptors)
        #expect(figures.startTime > 1_600_000_000)
        #expect(figures.startTime <= Double(SystemClock.now().milliseconds) / 1000 + 2)
    }
}
