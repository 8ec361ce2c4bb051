import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Demo identity")
struct DemoIdentityTests {
    private func caller(_ query: String = "", _ values: String...) throws -> Caller {
        try DemoIdentity().caller(
            of: request(.get, "/", values.map { (.userID, $0) }), Query(Array(query.utf8)[...]))
    }

    @Test("believes X-User-ID, or userId where there is no such field")
    func believes() throws {
        #expect(try caller("", "alice") == Caller(user: alice))
        #expect(try caller("userId=alice") == Caller(user: alice))
        #expect(try caller("userId=bob", "alice") == Caller(user: alice))
        #expect(try caller("userId=d+c%2Bd") == Caller(user: UserID(trusted: "d c+d")))
        #expect(try caller("", "\u{E9}") == Caller(user: UserID(trusted: "\u{E9}")))
    }

    @Test(
        "nobody, or nobody who could be, is not authenticated",
        arguments: ["", "a\u{0}", "a\tb", String(repeating: "a", count: 256)])
    func nobody(text: String) {
        #expect(problem { try caller("", text) } == .unauthenticated)
        #expect(problem { try caller("userId=bob", text) } == .unauthenticated)
        #expect(problem { try caller("userId=\(PercentEncoding.encode(text))") } == .unauthenticated)
        #expect(problem { try caller() } == .unauthenticated)
    }

    @Test("says how to authenticate, as every 401 must")
    func challenge() {
        let fields = thrownProblem { try caller() }?.fields ?? []
        #expect(fields.contains { $0.name == "WWW-Authenticate" })
    }

    @Test("a field given twice, or one that is not UTF-8, is nobody's word")
    func unclear() {
        #expect(problem { try caller("", "alice", "alice") } == .malformedRequest)
        var fields = RequestFields()
        fields.append(.userID, [0xFF])
        let latin = Request(method: .get, target: [], fields: fields)
        #expect(problem { try DemoIdentity().caller(of: latin, Query([])) } == .unauthenticated)
    }

    @Test("answers depend on the field it reads")
    func vary() {
        #expect(DemoIdentity().vary == "X-User-ID")
    }
}
