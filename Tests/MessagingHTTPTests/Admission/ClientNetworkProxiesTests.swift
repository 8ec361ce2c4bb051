import HTTP
import Testing

@testable import MessagingHTTP

@Suite("What counts as one client behind proxies")
struct ClientNetworkProxiesTests {
    @Test("Through trusted proxies, a client is the last address that is none of theirs, whatever it says itself")
    func forwarded() throws {
        let proxies = try #require(AddressRanges(["127.0.0.1", "10.0.0.0/8"]))
        func network(_ lines: String..., peer: String = "127.0.0.1") -> ClientNetwork {
            ClientNetwork(of: request(.get, "/", lines.map { (.forwardedFor, $0) }, peer: peer), through: proxies)
        }
        let client = ClientNetwork(of: "192.0.2.7")
        #expect(network("192.0.2.7") == client)
        #expect(network("198.51.100.1, 192.0.2.7") == client)
        #expect(network("198.51.100.1", "192.0.2.7 ,\t10.1.2.3") == client)
        #expect(network("192.0.2.7", peer: "198.51.100.9") == ClientNetwork(of: "198.51.100.9"))
        #expect(network() == ClientNetwork(of: "127.0.0.1"))
        #expect(network("10.0.0.9") == ClientNetwork(of: "10.0.0.9"))
        for text in ["unknown", "", ",", "192.0.2.7, x", "_hidden", "\u{FF}"] {
            #expect(network(text) == ClientNetwork(of: "127.0.0.1"), "\(text)")
        }
        #expect(network("2001:db8:1:2::1") == ClientNetwork(of: "2001:db8:1:2::9"))
    }
}
