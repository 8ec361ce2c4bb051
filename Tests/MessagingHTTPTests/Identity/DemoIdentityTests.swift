import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Demo identity")
struct DemoIdentityTests {
    private func caller(_ query: String = "", _ values: String...) throws -> Caller {
        let request = request(.get, "/", values.map { (.userID, $0) })
        return try #require(try DemoIdentity().rememberedCaller(of: request, Query(Array(query.utf8)[...])))
    }

    @Test("Demo identity believes X-User-ID, or userId where there is no such field")
    func believes() throws {
        #expect(try caller("", "alice") == Caller(user: alice))
        #expect(try caller("userId=alice") == Caller(user: alice))
        #expect(try caller("userId=bob", "alice") == Caller(user: alice))
        #expect(try caller("userId=d+c%2Bd") == Caller(user: UserID(trusted: "d c+d")))
        #expect(try caller("", "\u{E9}") == Caller(user: UserID(trusted: "\u{E9}")))
    }

    @Test(
        "A request without a valid user id is not authenticated in demo identity",
        arguments: ["", "a\u{0}", "a\tb", String(repeating: "a", count: 256)])
    func nobody(text: String) {
        #expect(problem { try caller("", text) } == .unauthenticated)
        #expect(problem { try caller("userId=bob", text) } == .unauthenticated)
        #expect(problem { try caller("userId=\(PercentEncoding.encode(text))") } == .unauthenticated)
        #expect(problem { try caller() } == .unauthenticated)
    }

    @Test("A 401 in demo identity says how to authenticate")
    func challenge() {
        let fields = thrownProblem { try caller() }?.fields ?? []
        #expect(fields.contains { $0.name == "WWW-Authenticate" })
    }

    @Test("X-User-ID given twice, or not in UTF-8, is refused")
    func unclear() {
        #expect(problem { try caller("", "alice", "alice") } == .malformedRequest)
        var fields = RequestFields()
        fields.append(.userID, [0xFF])
        let latin = Request(method: .get, target: [], fields: fields)
        #expect(problem { try DemoIdentity().rememberedCaller(of: latin, Query([])) } == .malformedRequest)
    }

    @Test("Answers in demo identity vary by X-User-ID")
    func vary() {
        #expect(DemoIdentity().vary == "X-User-ID")
    }
}
