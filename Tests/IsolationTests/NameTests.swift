import HTTP
import JWTKit
import Messaging
import MessagingHTTP
import StoreTestSupport
import Testing

/// That what a token or a gateway says of somebody's name reaches those who talk with them.
@Suite(.onEachStore)
struct NameTests {
    private static let secret = Array("a shared secret of sixty-four bytes, so that it will do for HS512".utf8)

    private struct Claims: JWTPayload {
        let sub: String
        let exp: Int
        var name: String?
        var company: String?
        var tenantId: String?

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private static func ask(_ claims: Claims, _ path: String, tag: String? = nil) async throws -> Request {
        let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        var fields = RequestFields()
        fields.append(.authorization, "Bearer \(try await keys.sign(claims))".utf8)
        if let tag { fields.append(.ifNoneMatch, tag.utf8) }
        return Request(method: .get, target: Array(path.utf8), fields: fields, peer: "192.0.2.1")
    }

    @Test("A new name or company in a token changes the lists of the others, and their entity tags, and nobody else's")
    func tokens() async throws {
        let keys = try await TokenKeys(secret: Self.secret)
        let bench = try Bench(identity: { profileUpdates in
            JWTIdentity(
                keys: keys, rules: TokenRules(), hashKey: TokenHashKey { .random(in: .min ... .max) }, capacity: 10,
                now: { Timestamp(milliseconds: 0) },
                profileUpdates: profileUpdates)
        })
        try bench.open("c-1", "alice", "bob")
        try bench.open("c-2", "carol", "dave")
        func list(_ claims: Claims, tag: String? = nil) async throws -> Response {
            await bench.answer(try await Self.ask(claims, Ask.list, tag: tag))
        }
        let bob = Claims(sub: "bob", exp: 100)
        var bobs = try await list(bob).value(of: "ETag")
        let carols = try await list(Claims(sub: "carol", exp: 100)).value(of: "ETag")
        for (number, (name, company)) in [("Al", "Acme"), ("Alice", "Acme"), ("Alice", "Globex"), ("Alice 😀", "")]
            .enumerated()
        {
            bench.pass(60)
            let alice = Claims(sub: "alice", exp: 101 + number, name: name, company: company)
            #expect(try await list(alice).status == 200)
            let news = try await list(bob, tag: bobs)
            #expect(news.status == 200)
            #expect(news.text.contains("\"name\":\"\(name)\",\"company\":\"\(company)\""))
            bobs = news.value(of: "ETag")
            // Said again, by another token, it is no news.
            let again = Claims(sub: "alice", exp: 1000 + number, name: name, company: company)
            _ = try await list(again)
            #expect(try await list(bob, tag: bobs).status == 304)
        }
        #expect(try await list(Claims(sub: "carol", exp: 100), tag: carols).status == 304)
        // The same user of another tenant is somebody else.
        _ = try await list(Claims(sub: "alice", exp: 200, name: "Impostor", tenantId: "other"))
        #expect(try await list(bob, tag: bobs).status == 304)
    }

    @Test("Whatever a name holds comes back as JSON that says the same, without U+0000")
    func strange() async throws {
        let bench = try Bench()
        try bench.open("c-1", "alice", "bob")
        for name in [
            "\"},{\"id\":\"x", "\\", "'; DROP TABLE users; --", "\u{202E}evil", String(repeating: "n", count: 8000),
        ] {
            bench.pass(60)
            let alice = Ask(path: Ask.list, fields: [(.userName, name)])
            #expect(await bench.answer(alice).status == 200)
            let seen = await bench.answer(Ask(user: "bob", path: Ask.list))
            let entry = try #require((seen.json as? [[String: Any]])?.first)
            #expect(entry["name"] as? String == name)
        }
    }
}
