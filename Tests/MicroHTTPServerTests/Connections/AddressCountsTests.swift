import Testing

@testable import MicroHTTPServer

@Suite("Connections by client")
struct AddressCountsTests {
    @Test("The addresses of one /64 network share their connections, and an IPv4 address has its own")
    func networks() {
        let counts = AddressCounts(limit: 2, isUncounted: { _ in false })
        #expect(!counts.opened(from: "2001:db8:1:2::1"))
        #expect(!counts.opened(from: "2001:db8:1:2::2"))
        #expect(counts.opened(from: "2001:db8:1:2:ffff::3"))
        #expect(!counts.opened(from: "2001:db8:1:3::1"))
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"] { #expect(!counts.opened(from: address)) }
        #expect(counts.opened(from: "192.0.2.1"))
        counts.closed(from: "2001:db8:1:2::1")
        counts.closed(from: "2001:db8:1:2::2")
        #expect(!counts.opened(from: "2001:db8:1:2::4"))
        #expect(counts.opened(from: "2001:db8:1:2::5"))
    }
}
