import Messaging
import MicroHTTPServer
import Testing

@testable import MessagingHTTP

@Suite("What a server counts")
struct TotalsTests {
    private static func answer(_ endpoint: Endpoint, _ outcome: Outcome, by user: String? = nil, body: String = "")
        -> Response
    {
        let caller = user.map { Caller(user: UserID(trusted: $0)) }
        return Response(
            status: 200, fields: [], body: Array(body.utf8), label: Label(endpoint, outcome, by: caller), isShared: true
        )
    }

    @Test("Answers are counted by their label, over all loops, each with its time")
    func labels() async throws {
        let answers = [
            "/a": Self.answer(.messages, .notModified), "/b": Self.answer(.send, .problem(.overloaded)),
        ]
        let server = try serve(
            TestHandler(memory: { answers[String(decoding: $0.target, as: UTF8.self)] }), loops: 2)
        for _ in 0..<8 {
            let client = try Client(port: server.boundPort)
            _ = try await client.exchange(get("/a"))
            _ = try await client.exchange(get("/b"))
            _ = try await client.exchange(get("/a"))
        }
        let totals = server.totals
        #expect(totals.answers(.messages, .notModified) == 16)
        #expect(totals.answers(.send, .problem(.overloaded)) == 8)
        #expect(totals.answers(.messages, .full) == 0)
        #expect(totals.durations(.messages).count == 16)
        #expect(totals.durations(.messages).sum > 0)
        #expect(totals.durations(.send).count == 8)
        #expect(totals.durations(.read).count == 0)
    }

    @Test("Bodies are counted as they go over the wire: none goes out for HEAD")
    func bytes() async throws {
        let server = try serve(TestHandler(always: Self.answer(.send, .stored, body: "hello")))
        let client = try Client(port: server.boundPort)
        _ = try await client.exchange(post("/", "twelve bytes"))
        _ = try await client.exchange(get("/", method: "HEAD"), bodiless: true)
        #expect(server.totals.bodyBytes(.send) == (12, 5))
    }

    @Test("Whoever polls is counted once, over all loops; whoever only sends is not")
    func people() async throws {
        let server = try serve(
            TestHandler(memory: { request in
                let user = String(decoding: request.target, as: UTF8.self)
                return Self.answer(request.method == .get ? .messages : .send, .full, by: user)
            }), loops: 2)
        for _ in 0..<4 {
            let client = try Client(port: server.boundPort)
            for user in ["/a", "/b", "/c"] { _ = try await client.exchange(get(user)) }
            _ = try await client.exchange(post("/d", "x"))
        }
        #expect(server.totals.peoplePolling == 3)
    }
}
