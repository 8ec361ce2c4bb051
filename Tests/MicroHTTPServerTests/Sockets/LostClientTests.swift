import HTTP
import MicroHTTPServer
import Testing

@Suite("Clients that vanish")
struct LostClientTests {
    private func isEmpty(_ server: Server) async -> Bool {
        await eventually {
            let now = server.statistics
            return now.openConnections == 0 && now.openRequests == 0 && now.suspendedRequests == 0
        }
    }

    @Test(
        "Nothing is left of a request that breaks off",
        arguments: [
            "GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: te", "POST / HTTP/1.1\r\nHost: test\r\n",
            "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf",
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        ])
    func midRequest(text: String) async throws {
        let server = try serve(TestHandler(always: response("")))
        do {
            let client = try Client(port: server.boundPort)
            client.send(text)
            #expect(await eventually { server.statistics.openConnections == 1 })
        }
        #expect(await isEmpty(server))
    }

    @Test(
        "Nothing is left of a request that is broken",
        arguments: [
            "GET\r\n\r\n", "\u{1}\u{2}\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n\r\n",
            "GET /" + String(repeating: "x", count: 100_000) + " HTTP/1.1\r\n\r\n",
        ])
    func broken(text: String) async throws {
        let server = try serve(TestHandler(always: response("")))
        do {
            let client = try Client(port: server.boundPort)
            client.send(text)
            _ = try? await client.receive()
        }
        #expect(await isEmpty(server))
    }

    @Test("Nothing is left of a client that goes while its request is suspended")
    func suspended() async throws {
        let gate = Gate()
        let server = try serve(
            TestHandler(elsewhere: { _ in
                await gate.pass()
                return response(String(repeating: "x", count: 1_000_000))
            }))
        do {
            let clients = try (0..<32).map { _ in try Client(port: server.boundPort) }
            for client in clients { client.send(get("/")) }
            #expect(await eventually { gate.waiting == 32 })
        }
        gate.open()
        #expect(await isEmpty(server))
        #expect(try await Client(port: server.boundPort).exchange(get("/")).status == 200)
    }

    @Test("Nothing is left of a client that goes before it has read its answer")
    func unread() async throws {
        let server = try serve(TestHandler(always: response(String(repeating: "x", count: 20_000_000))))
        do {
            let client = try Client(port: server.boundPort)
            client.send(get("/"))
            #expect(await eventually { server.statistics.answeredRequests == 1 })
        }
        #expect(await isEmpty(server))
    }
}
