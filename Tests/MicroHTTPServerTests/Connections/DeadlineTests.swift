import HTTP
import MicroHTTPServer
import Testing

@Suite("Requests that take too long")
struct DeadlineTests {
    /// Sends `start`, then drips `drop` until the server closes the connection.
    private func drip(_ start: String, _ drop: String, after exchanges: Int = 0) async throws -> ServerStatistics {
        let server = try serve(TestHandler(always: response(""))) { $0.requestTimeout = 0.3 }
        let client = try Client(port: server.boundPort)
        for _ in 0..<exchanges { _ = try await client.exchange(get("/")) }
        client.send(start)
        #expect(await eventually { !client.send(drop) })
        #expect(await eventually { server.statistics.openConnections == 0 && server.statistics.openRequests == 0 })
        return server.statistics
    }

    @Test("A request line that drips in is cut, on a fresh connection and on a used one", arguments: [0, 3])
    func requestLine(exchanges: Int) async throws {
        #expect(try await drip("GET /", "x", after: exchanges).cutConnections == 1)
    }

    @Test("A head that drips in is cut, on a fresh connection and on a used one", arguments: [0, 3])
    func head(exchanges: Int) async throws {
        #expect(try await drip("GET / HTTP/1.1\r\nX: ", "x", after: exchanges).cutConnections == 1)
    }

    @Test("A body that drips in is cut, on a fresh connection and on a used one", arguments: [0, 3])
    func body(exchanges: Int) async throws {
        let start = get("/", "Content-Length: 100000\r\n", method: "POST")
        #expect(try await drip(start, "x", after: exchanges).cutConnections == 1)
    }

    @Test("A client that connects and says nothing is cut")
    func silence() async throws {
        let server = try serve(TestHandler(always: response(""))) { $0.requestTimeout = 0.2 }
        #expect(try await Client(port: server.boundPort).isClosedByServer())
        #expect(server.statistics.cutConnections == 1)
    }

    @Test("A request that waits for its answer is not cut, nor a connection that rests between two")
    func patience() async throws {
        let gate = Gate()
        let server = try serve(TestHandler(heldBy: gate)) { $0.requestTimeout = 0.1 }
        let waiting = try Client(port: server.boundPort)
        let resting = try Client(port: server.boundPort)
        waiting.send(post("/", "x"))
        _ = try await resting.exchange(get("/"))
        // A third one, cut three times over, tells that the time has passed for the other two.
        for _ in 0..<3 { #expect(try await Client(port: server.boundPort).isClosedByServer()) }
        gate.open()
        #expect(try await waiting.receive().body == "later")
        #expect(try await resting.exchange(get("/")).body == "now")
        #expect(server.statistics.cutConnections == 3)
    }

    @Test("A connection without traffic is closed after the idle time-out")
    func idle() async throws {
        let server = try serve(TestHandler(always: response(""))) { $0.idleTimeout = 1 }
        let client = try Client(port: server.boundPort)
        _ = try await client.exchange(get("/"))
        #expect(await client.isClosedByServer())
        #expect(server.statistics.cutConnections == 0)
    }
}
