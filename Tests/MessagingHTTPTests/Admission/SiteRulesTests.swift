import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Requests that pages of other sites have browsers send")
struct SiteRulesTests {
    private typealias Fields = [(RequestField, String)]

    private static let cors = CORSPolicy(origins: ["*", "https://app.example"])

    private func rules(_ exposure: CrossSiteExposure) -> SiteRules {
        SiteRules(exposure: exposure, cors: Self.cors, trustedProxies: .loopback)
    }

    private func request(
        _ method: HTTP.Method, _ target: String = "/", from peer: String = "127.0.0.1", _ fields: Fields
    ) -> Request {
        var lines = RequestFields()
        for (field, value) in fields { lines.append(field, value.utf8) }
        return Request(method: method, target: Array(target.utf8), fields: lines, peer: peer)
    }

    /// What a write to `chat.example` gets: nil where it passes.
    private func write(
        _ fields: Fields, host: String? = "chat.example", from peer: String = "127.0.0.1",
        exposure: CrossSiteExposure = .writes,
        method: HTTP.Method = .post
    ) -> ProblemKind? {
        let request = request(method, "/", from: peer, (host.map { [(.host, $0)] } ?? []) + fields)
        return problem { try rules(exposure).checkWrite(request) }
    }

    @Test("where everybody is believed, any host but this machine's is misdirected, also that of an absolute target")
    func hosts() {
        for (target, hosts, isRefused) in [
            ("/", ["localhost:8080"], false), ("/", ["evil.example"], true), ("/", [], true), ("/", [""], true),
            ("http://localhost/", ["localhost"], false), ("HTTP://[::1]:80/", ["127.0.0.1"], false),
            ("http://evil.example/", ["localhost"], true), ("HTTPS://evil.example/", ["localhost"], true),
            ("http://localhost@evil.example/", ["localhost"], true), ("http://evil.example?/", ["localhost"], true),
            ("http:///", ["localhost"], true), ("http://localhost/", ["evil.example"], true),
            ("*", ["localhost"], false),
        ] as [(String, [String], Bool)] {
            for method in [HTTP.Method.get, .head, .options, .post, .put, .other] {
                let asked = request(method, target, hosts.map { (.host, $0) })
                let kind = problem { try rules(.everything).checkHost(asked) }
                #expect(kind == (isRefused ? .misdirectedRequest : nil), "\(target) for \(hosts)")
                #expect(problem { try rules(.writes).checkHost(asked) } == nil)
                #expect(problem { try rules(.nothing).checkHost(asked) } == nil)
            }
        }
    }

    @Test("the refusal names the host, and shows nothing that a terminal could mind")
    func hostShown() throws {
        let asked = request(.get, "/", [(.host, "evil\u{1B}[2J\"" + String(repeating: "x", count: 5000))])
        let refusal = try #require(thrownProblem { try rules(.everything).checkHost(asked) })
        #expect(refusal.detail.contains("\"evil%1B[2J"))
        #expect(refusal.detail.utf8.count < 300)
    }

    @Test("a write that says nothing of a page passes: it is a server's or a command line's")
    func silent() {
        #expect(write([]) == nil)
        #expect(write([], host: nil) == nil)
    }

    @Test("a write from the site's own page passes, whatever its browser says it with")
    func own() {
        for fields in [
            [(.secFetchSite, "same-origin")], [(.secFetchSite, "none")],
            [(.secFetchSite, "same-origin"), (.origin, "https://chat.example")], [(.origin, "https://chat.example")],
            [(.origin, "http://chat.example")],
        ] as [Fields] {
            #expect(write(fields) == nil, "\(fields)")
        }
        #expect(write([(.origin, "https://chat.example")], host: "Chat.Example:443") == nil)
        #expect(write([(.origin, "http://chat.example:8080")], host: "chat.example:8080") == nil)
        #expect(write([(.origin, "http://[::1]:8080")], host: "[::1]:8080") == nil)
    }

    @Test("a write from a page that is named passes; * names none")
    func named() {
        #expect(write([(.origin, "https://app.example")]) == nil)
        #expect(write([(.origin, "https://app.example"), (.secFetchSite, "cross-site")]) == nil)
        #expect(write([(.origin, "https://other.example")]) == .crossSite)
        #expect(write([(.origin, "*")]) == .crossSite)
    }

    @Test("A write from a page of another site is refused", arguments: [HTTP.Method.post, .put, .other])
    func foreign(method: HTTP.Method) {
        for fields in [
            [(.origin, "https://evil.example")], [(.origin, "null")], [(.origin, "")], [(.secFetchSite, "cross-site")],
            [(.secFetchSite, "same-site")], [(.secFetchSite, "")], [(.secFetchSite, "Same-Origin")],
            [(.secFetchSite, "same-origin, cross-site")], [(.origin, "https://sub.chat.example")],
            [(.secFetchSite, "same-site"), (.origin, "https://sub.chat.example")],
            [(.origin, "https://chat.example:8443")],
            [(.origin, "chat.example")], [(.origin, "ftp://chat.example")], [(.origin, "https://chat.example/")],
            [(.origin, "https://chat.example@evil.example")], [(.origin, "https://chat.example.evil.example")],
            [(.origin, "https://evil.example, https://chat.example")],
            [(.origin, "https://chat.example https://evil.example")],
            [(.origin, "https://chat.example"), (.origin, "https://evil.example")],
            [(.origin, "https://app.example"), (.origin, "https://app.example")],
            [(.secFetchSite, "same-origin"), (.secFetchSite, "cross-site")],
            [(.secFetchSite, "same-origin"), (.origin, "https://chat.example"), (.origin, "https://evil.example")],
        ] as [Fields] {
            #expect(write(fields, method: method) == .crossSite, "\(fields)")
        }
        #expect(write([(.origin, "https://chat.example")], host: nil, method: method) == .crossSite)
        #expect(write([(.origin, "https://")], host: "", method: method) == .crossSite)
    }

    @Test("reading is for CORS, and bearer tokens go along with nothing by themselves")
    func notChecked() {
        let evil: Fields = [(.origin, "https://evil.example"), (.secFetchSite, "cross-site")]
        for method in [HTTP.Method.get, .head, .options] { #expect(write(evil, method: method) == nil) }
        for method in [HTTP.Method.post, .put, .other] {
            #expect(write(evil, exposure: .nothing, method: method) == nil)
            #expect(write(evil, exposure: .everything, method: method) == .crossSite)
        }
    }

    @Test("where a trusted proxy says which host was asked for, that is the site's own, and Host is the proxy's affair")
    func forwarded() {
        let page: Fields = [(.origin, "https://chat.example"), (.forwardedHost, "chat.example")]
        #expect(write(page, host: "postbox:8080") == nil)
        #expect(write(page, host: "postbox:8080", from: "192.0.2.1") == .crossSite)
        #expect(
            write([(.origin, "http://postbox:8080"), (.forwardedHost, "chat.example")], host: "postbox:8080")
                == .crossSite)
        // Two hosts are none: one of them may be the client's own word.
        for hosts in [["evil.example, chat.example"], ["evil.example", "chat.example"]] {
            let forged: Fields = [(.origin, "https://evil.example")] + hosts.map { (.forwardedHost, $0) }
            #expect(write(forged) == .crossSite)
            #expect(write([(.origin, "https://chat.example")] + hosts.map { (.forwardedHost, $0) }) == nil)
        }
    }

    @Test("where a trusted proxy says that it was asked over TLS, a page that came without is another site's")
    func encrypted() {
        let (plain, safe): (Fields, Fields) = ([(.origin, "http://chat.example")], [(.origin, "https://chat.example")])
        #expect(write(plain + [(.forwardedProto, "https")]) == .crossSite)
        #expect(write(safe + [(.forwardedProto, "https")]) == nil)
        // A proxy behind the one that ended TLS says this, and is wrong.
        #expect(write(safe + [(.forwardedProto, "http")]) == nil)
        #expect(write(plain + [(.forwardedProto, "https")], from: "192.0.2.1") == nil)
    }

    @Test("a page of another origin that only asks is told of, unless it may read or is the site's own")
    func readers() {
        func reader(_ origins: String..., method: HTTP.Method = .get, by rules: SiteRules) -> String? {
            let fields: Fields = [(.host, "chat.example")] + origins.map { (.origin, $0) }
            return rules.refusedReader(of: request(method, "/", fields)).map(text)
        }
        let some = SiteRules(
            exposure: .writes, cors: CORSPolicy(origins: ["https://app.example"]), trustedProxies: .loopback)
        for method in [HTTP.Method.get, .head, .options] {
            #expect(reader("https://evil.example", method: method, by: some) == "https://evil.example")
        }
        #expect(reader("null", by: some) == "null")
        #expect(reader("https://app.example", by: some) == nil)
        #expect(reader("https://chat.example", by: some) == nil)
        #expect(reader(by: some) == nil)
        #expect(reader("https://a.example", "https://b.example", by: some) == nil)
        // What is wrong with a write, its refusal says.
        #expect(reader("https://evil.example", method: .post, by: some) == nil)
        #expect(reader("https://evil.example", by: rules(.writes)) == nil)
    }

    @Test("the refusal names --cors-origin, and the page where it could be named there")
    func sentence() throws {
        for (origin, isNamed) in [
            ("https://evil.example", true), ("http://localhost:4201", true), ("capacitor://localhost", true),
            ("null", false), ("*", false), ("https://evil.example:443", false),
            ("https://$(reboot)", false), ("https://a'b", false), ("https://\u{1B}[2J", false),
        ] {
            let asked = request(.post, "/", [(.host, "chat.example"), (.origin, origin)])
            let refusal = try #require(thrownProblem { try rules(.writes).checkWrite(asked) })
            #expect(
                refusal.detail.contains(isNamed ? "--cors-origin \(origin);" : "--cors-origin."), "\(refusal.detail)")
        }
    }
}
