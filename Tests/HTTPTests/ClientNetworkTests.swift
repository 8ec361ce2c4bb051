import HTTP
import Testing

@Suite("What counts as one client")
struct ClientNetworkTests {
    @Test("All IPv6 addresses of one /64 count as one client, and those of the next as another")
    func networks() {
        let one = ClientNetwork(of: "2001:db8:1:2::1")
        for address in ["2001:db8:1:2::2", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0DB8:1:2::"] {
            #expect(ClientNetwork(of: address) == one)
        }
        for address in ["2001:db8:1:3::1", "2001:db8:1::1", "2001:db8::1", "::1", "32.1.13.184"] {
            #expect(ClientNetwork(of: address) != one)
        }
    }

    @Test("Each IPv4 address counts as one client, mapped into IPv6 or not")
    func version4() {
        #expect(ClientNetwork(of: "192.0.2.1") == ClientNetwork(of: "::ffff:192.0.2.1"))
        #expect(ClientNetwork(of: "192.0.2.1") != ClientNetwork(of: "192.0.2.2"))
        #expect(ClientNetwork(of: "::ffff:192.0.2.1") != ClientNetwork(of: "::ffff:192.0.2.2"))
        #expect(ClientNetwork(of: "") == ClientNetwork(of: "no address"))
    }
}
