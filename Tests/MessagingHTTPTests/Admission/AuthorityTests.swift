import Testing

@testable import MessagingHTTP

@Suite("The host and port that a request is for")
struct AuthorityTests {
    private func authority(_ text: String) -> Authority? { Authority(Array(text.utf8)[...]) }

    @Test(
        "Names and addresses of this machine are loopback, with any port and in any case",
        arguments: [
            "localhost", "LOCALHOST", "LocalHost.", "localhost:", "localhost:8080", "localhost:65535", "app.localhost",
            "a.b.LocalHost:1", "a.localhost.", "127.0.0.1", "127.0.0.1:80", "127.255.255.254", "[::1]", "[::1]:8080",
            "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:127.1.2.3]:1",
        ])
    func loopback(name: String) {
        #expect(authority(name)?.isLoopback == true)
    }

    @Test(
        "No other host is loopback, however much it looks like it",
        arguments: [
            "evil.example", "localhost.evil.example", "localhost.evil.example:8080", "evil-localhost", "xlocalhost",
            "localhost.localdomain", "127.0.0.1.evil.example", "128.0.0.1", "10.0.0.1", "0.0.0.0", "0", "127.1",
            "2130706433",
            "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "127.0.0.256", "127.0.0.1.", "[::]", "[::2]", "[::1", "::1",
            "[::1]x",
            "[::1%25lo]", "[::ffff:10.0.0.1]", "[127.0.0.1]", "", ".", "..", ":8080", ".localhost", "a..localhost",
            "localhost..", "localhost:x", "localhost:-1", "localhost:+1", "localhost:65536", "localhost:80:80",
            "localhost@evil.example", "evil.example@localhost", "localhost/", "localhost,evil.example", "local host",
            "localhost ", "localhost\t", "localhost\0", "localhost\0.evil.example", "%6cocalhost", "ｌocalhost",
            "localhoſt",
            "localhost\u{3002}", "localhost\\@evil.example", "localhost?", "localhost#", "http://localhost",
        ])
    func foreign(name: String) {
        #expect(authority(name)?.isLoopback != true)
    }

    @Test("Two authorities are the same where host and port are, with or without the default port")
    func same() throws {
        func same(_ left: String, _ right: String, _ port: UInt16) throws -> Bool {
            try #require(authority(left)).isSame(as: #require(authority(right)), defaultPort: port)
        }
        #expect(try same("app.example", "APP.example", 443))
        #expect(try same("app.example", "app.example:443", 443))
        #expect(try same("app.example:80", "app.example:", 80))
        #expect(try same("[::1]:8080", "[::1]:8080", 80))
        #expect(try !same("app.example", "app.example:443", 80))
        #expect(try !same("app.example:8080", "app.example", 443))
        #expect(try !same("app.example", "app.example.", 443))
        #expect(try !same("app.example", "sub.app.example", 443))
    }
}
