import HTTP
import Testing

@testable import MessagingHTTP

/// Which fields let a page of another origin read an answer.
struct CORSPolicyTests {
    private func request(_ fields: [(RequestField, String)]) -> Request {
        var lines = RequestFields()
        for (field, value) in fields { lines.append(field, value.utf8) }
        return Request(method: .options, target: [], fields: lines)
    }

    private func allowed(_ policy: CORSPolicy, _ origins: String...) -> String? {
        policy.fields(for: request(origins.map { (.origin, $0) })).first { $0.name == "Access-Control-Allow-Origin" }?
            .value
    }

    @Test("Exactly the configured origins are allowed")
    func exact() {
        let policy = CORSPolicy(origins: ["https://app.example", "http://localhost:4200"])
        #expect(allowed(policy, "https://app.example") == "https://app.example")
        #expect(allowed(policy, "http://localhost:4200") == "http://localhost:4200")
        for origin in [
            "", "null", "*", "http://app.example", "https://app.example:443", "https://app.example/",
            "https://app.example.evil.example",
            "https://evil.example", "https://APP.example", "https://sub.app.example", "https://app.exampl",
            "http://localhost",
            "https://app.example, https://evil.example", "https://app.example\r\nX-Evil: 1", "https://app.example ",
        ] {
            #expect(policy.fields(for: request([(.origin, origin)])).isEmpty, "\(origin)")
        }
        #expect(policy.fields(for: request([])).isEmpty)
        #expect(allowed(policy, "https://app.example", "https://evil.example") == nil)
    }

    @Test("Nothing is allowed where nothing is configured")
    func none() {
        #expect(allowed(CORSPolicy(origins: []), "https://app.example") == nil)
        #expect(allowed(CORSPolicy(origins: []), "*") == nil)
    }

    @Test("Where pages of the browser's own machine are allowed, each of them is, by name")
    func loopback() {
        let policy = CORSPolicy(origins: ["https://app.example"], allowsLoopback: true)
        for origin in [
            "http://localhost:4200", "https://localhost", "http://127.0.0.1:1", "http://[::1]:65535",
            "http://a.localhost",
            "https://app.example",
        ] {
            #expect(allowed(policy, origin) == origin)
            #expect(policy.names(Array(origin.utf8)[...]))
        }
        for origin in [
            "", "null", "*", "https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
            "http://localhost:4200/", "http://localhost:80", "http://LOCALHOST", "http://localhost@evil.example",
            "http://10.0.0.1", "capacitor://localhost", "http://localhost:4200, https://evil.example",
        ] {
            #expect(allowed(policy, origin) == nil, "\(origin)")
        }
        #expect(allowed(policy, "http://localhost:1", "http://localhost:1") == nil)
    }

    @Test("* allows every page, but none with cookies; named origins beside it keep theirs")
    func wildcard() {
        let policy = CORSPolicy(origins: ["*", "https://app.example"])
        for origin in ["https://evil.example", "null", "*", ""] {
            let fields = policy.fields(for: request([(.origin, origin)]))
            #expect(fields.first?.value == "*")
            #expect(!fields.contains { $0.name == "Access-Control-Allow-Credentials" }, "\(origin)")
        }
        let named = policy.fields(for: request([(.origin, "https://app.example")]))
        #expect(named.contains(Response.Field("Access-Control-Allow-Origin", "https://app.example")))
        #expect(named.contains(Response.Field("Access-Control-Allow-Credentials", "true")))
    }

    @Test("A page may read every field of ours")
    func exposed() throws {
        let fields = CORSPolicy(origins: ["*"]).fields(for: request([(.origin, "https://a.example")]))
        let names = try #require(fields.first { $0.name == "Access-Control-Expose-Headers" }?.value)
        let exposed = Set(names.split(separator: ", "))
        for name in [
            "ETag", "Link", "X-Cursor", "X-Poll-Interval", "Idempotency-Replayed", "Retry-After", "RateLimit",
            "RateLimit-Policy", "Accept-Encoding", "Preference-Applied",
        ] {
            #expect(exposed.contains(Substring(name)), "\(name)")
        }
    }

    @Test("A preflight gets every method, and the fields it asked for unless they are no field names")
    func preflight() {
        let policy = CORSPolicy(origins: ["https://app.example"])
        func answer(_ asked: String?, origin: String = "https://app.example", method: String? = "POST") -> [String:
            String]
        {
            var fields: [(RequestField, String)] = [(.origin, origin)]
            if let method { fields.append((.accessControlRequestMethod, method)) }
            if let asked { fields.append((.accessControlRequestHeaders, asked)) }
            let answer = policy.preflightFields(for: request(fields))
            return Dictionary(uniqueKeysWithValues: answer.map { ($0.name, $0.value) })
        }
        #expect(answer("authorization, content-type")["Access-Control-Allow-Headers"] == "authorization, content-type")
        #expect(answer("authorization, prefer")["Access-Control-Allow-Headers"] == "authorization, prefer")
        let all = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        #expect(answer("a")["Access-Control-Allow-Methods"] == all)
        for method in ["GET", "DELETE", "OPTIONS", "", "P\0T", "a b", "A, B", "\u{E9}"] {
            #expect(answer("a", method: method)["Access-Control-Allow-Methods"] == all, "\(method)")
        }
        for method in ["patch", "PROPFIND", "GE", "M-SEARCH"] {
            #expect(answer("a", method: method)["Access-Control-Allow-Methods"] == "\(all), \(method)")
        }
        #expect(answer("a")["Access-Control-Max-Age"] == "7200")
        #expect(answer(nil)["Access-Control-Allow-Headers"] == nil)
        for asked in ["a\r\nX-Evil: 1", "a:b", "a\0", "a;b", "é", "a\"b", "a/b"] {
            #expect(answer(asked)["Access-Control-Allow-Headers"] == nil, "\(asked)")
        }
        for asked in ["x-forwarded-host", "content-type, X-Forwarded-Proto", "a,X-FORWARDED-FOR"] {
            #expect(answer(asked)["Access-Control-Allow-Headers"] == nil, "\(asked)")
            #expect(answer(asked)["Access-Control-Allow-Methods"] == all)
        }
        #expect(answer("a", origin: "https://evil.example").isEmpty)
        #expect(answer("a", method: nil).isEmpty)
    }
}
