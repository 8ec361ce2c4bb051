import HTTP
import MicroHTTPServer
import Testing

@Suite("What a server counts")
struct TotalsTests {
    private static func answer(_ endpoint: Int, _ outcome: Int, by viewer: UInt64 = 0, body: String = "") -> Response {
        let label = Label(endpointIndex: endpoint, outcomeIndex: outcome, viewer: viewer, isPoll: viewer != 0)
        return Response(status: 200, fields: [], body: Array(body.utf8), label: label, isShared: true)
    }

    @Test("Answers are counted by their label, over all loops, each with its time")
    func labels() async throws {
        let (endpoint, outcome) = (Label.endpointLimit - 1, Label.outcomeLimit - 1)
        let answers = ["/a": Self.answer(2, 1), "/b": Self.answer(endpoint, outcome)]
        let server = try serve(
            TestHandler(memory: { answers[String(decoding: $0.target, as: UTF8.self)] }), loops: 2)
        for _ in 0..<8 {
            let client = try Client(port: server.boundPort)
            _ = try await client.exchange(get("/a"))
            _ = try await client.exchange(get("/b"))
            _ = try await client.exchange(get("/a"))
        }
        let totals = server.totals
        #expect(totals.answers(endpoint: 2, outcome: 1) == 16)
        #expect(totals.answers(endpoint: endpoint, outcome: outcome) == 8)
        #expect(totals.answers(endpoint: 2, outcome: 2) == 0)
        #expect(totals.durations(endpoint: 2).count == 16)
        #expect(totals.durations(endpoint: 2).sum > 0)
        #expect(totals.durations(endpoint: endpoint).count == 8)
        #expect(totals.durations(endpoint: 3).count == 0)
    }

    @Test("Bodies are counted as they go over the wire: none goes out for HEAD")
    func bytes() async throws {
        let server = try serve(TestHandler(always: Self.answer(3, 3, body: "hello")))
        let client = try Client(port: server.boundPort)
        _ = try await client.exchange(post("/", "twelve bytes"))
        _ = try await client.exchange(get("/", method: "HEAD"), bodiless: true)
        #expect(server.totals.bodyBytes(endpoint: 3) == (12, 5))
    }

    @Test("A viewer who polls is counted once, over all loops; one who only sends is not")
    func people() async throws {
        let server = try serve(
            TestHandler(memory: { request in
                let viewer = UInt64(bitPattern: Int64(request.target.hashValue))
                return Self.answer(2, 2, by: request.method == .get ? viewer : 0)
            }), loops: 2)
        for _ in 0..<4 {
            let client = try Client(port: server.boundPort)
            for user in ["/a", "/b", "/c"] { _ = try await client.exchange(get(user)) }
            _ = try await client.exchange(post("/d", "x"))
        }
        #expect(server.totals.peoplePolling == 3)
    }
}
