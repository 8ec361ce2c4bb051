import Dispatch
import HTTP
import MicroHTTPServer
import Testing

@Suite("Stopping")
struct StoppingTests {
    /// Begins to stop on another thread, and returns what to wait for.
    private func beginStop(_ server: Server, within seconds: Double) -> Task<Void, Never> {
        Task {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    server.stop(within: seconds)
                    continuation.resume()
                }
            }
        }
    }

    private func isRefused(_ port: UInt16) -> Bool { (try? Client(port: port)) == nil }

    @Test("A stop answers requests in flight with Connection: close, closes idle connections and refuses new ones")
    func inFlight() async throws {
        let gate = Gate()
        let server = try serve(TestHandler(heldBy: gate), loops: 2)
        let port = server.boundPort
        let idle = try Client(port: port)
        _ = try await idle.exchange(get("/"))
        let waiting = try (0..<8).map { _ in try Client(port: port) }
        for client in waiting { client.send(post("/", "x")) }
        let sending = try Client(port: port)
        sending.send(get("/", "Content-Length: 10\r\n", method: "POST") + "half")
        #expect(await eventually { gate.waiting == 8 && server.statistics.openRequests == 9 })

        let stopped = beginStop(server, within: 10)
        #expect(await idle.isClosedByServer())
        #expect(await eventually { isRefused(port) })
        sending.send(" whole")
        #expect(await eventually { gate.waiting == 9 })
        gate.open()
        for client in waiting + [sending] {
            let answer = try await client.receive()
            #expect(answer.body == "later" && answer.field("connection")?.lowercased() == "close")
            #expect(await client.isClosedByServer())
        }
        await stopped.value
        #expect(server.statistics.openConnections == 0 && server.statistics.openRequests == 0)
    }

    @Test("A client that connected just before the stop began is still answered")
    func justConnected() async throws {
        let server = try serve(TestHandler(always: response("hello")), loops: 2) {
            $0.firstRequestGrace = 600
            $0.requestTimeout = 600
        }
        let clients = try (0..<8).map { _ in try Client(port: server.boundPort) }
        #expect(await eventually { server.statistics.openConnections == 8 })
        let stopped = beginStop(server, within: 600)
        #expect(await eventually { isRefused(server.boundPort) })
        for client in clients {
            let answer = try await client.exchange(get("/"))
            #expect(answer.body == "hello" && answer.field("connection")?.lowercased() == "close")
        }
        await stopped.value
    }

    @Test("Who connects and says nothing cannot hold up the stop")
    func silent() async throws {
        let server = try serve(TestHandler(always: response(""))) { $0.firstRequestGrace = 0.1 }
        let client = try Client(port: server.boundPort)
        #expect(await eventually { server.statistics.openConnections == 1 })
        let stopped = beginStop(server, within: 600)
        #expect(await client.isClosedByServer())
        await stopped.value
    }

    @Test("What is not answered by the deadline is refused, and a late answer does no harm")
    func deadline() async throws {
        let gate = Gate()
        let server = try serve(
            TestHandler(elsewhere: { _ in
                await gate.pass()
                return response("late")
            }), loops: 2)
        let clients = try (0..<8).map { _ in try Client(port: server.boundPort) }
        for client in clients { client.send(get("/")) }
        #expect(await eventually { gate.waiting == 8 })
        server.stop(within: 0.05)
        for client in clients { #expect(try await client.receive().status == 503) }
        #expect(server.statistics.openConnections == 0 && server.statistics.suspendedRequests == 0)
        gate.open()
    }

    @Test("A request that is answered just as the server gives up on it has one answer: its own or the refusal")
    func race() async throws {
        for _ in 0..<20 {
            let gate = Gate()
            let handler = TestHandler(elsewhere: { request in
                await gate.pass()
                return response(String(decoding: request.body, as: UTF8.self))
            })
            let server = try serve(handler, loops: 2)
            let clients = try (0..<32).map { _ in try Client(port: server.boundPort) }
            for (number, client) in clients.enumerated() { client.send(post("/", "\(number)")) }
            #expect(await eventually { gate.waiting == 32 })
            let opened = Task.detached { gate.open() }
            server.stop(within: 0)
            await opened.value
            #expect(server.statistics.openConnections == 0 && server.statistics.openRequests == 0)
            for (number, client) in clients.enumerated() {
                let answers = await client.receiveAll()
                #expect(answers.count == 1, "answers to request \(number)")
                #expect(answers.allSatisfy { $0.status == 503 || $0.body == "\(number)" })
            }
        }
    }

    @Test("A request that is complete only after the deadline is not begun, and does not hold up the stop")
    func completeTooLate() async throws {
        let gate = Gate()
        let handler = TestHandler(elsewhere: { _ in
            await gate.pass()
            return response("later")
        })
        let server = try serve(handler)
        let waiting = try Client(port: server.boundPort)
        waiting.send(get("/waiting"))
        let late = try Client(port: server.boundPort)
        late.send(get("/late", "Content-Length: 10\r\n", method: "POST") + "half")
        #expect(await eventually { gate.waiting == 1 && server.statistics.openRequests == 2 })
        let stopped = beginStop(server, within: 0.05)
        #expect(try await waiting.receive().status == 503)
        late.send(" whole")
        await stopped.value
        #expect(handler.requests.map { String(decoding: $0.target, as: UTF8.self) } == ["/waiting"])
        gate.open()
    }

    @Test("A client that never finishes cannot hold up the stop")
    func stubborn() async throws {
        let server = try serve(TestHandler(always: response("")))
        let client = try Client(port: server.boundPort)
        client.send("GET / HTTP/1.1\r\n")
        #expect(await eventually { server.statistics.openRequests == 1 })
        server.stop(within: 0.1)
        #expect(server.statistics.openConnections == 0)
    }

    @Test("Stopping twice, from several threads, before starting and never are all fine")
    func idempotent() async throws {
        let server = try serve(TestHandler(always: response("")))
        async let first: Void = beginStop(server, within: 1).value
        async let second: Void = beginStop(server, within: 1).value
        _ = await (first, second)
        server.stop(within: 1)
        try server.start(serving: TestHandler())
        #expect(isRefused(server.boundPort))
        let unstarted = try Server(configuration: ServerConfiguration(port: 0))
        unstarted.stop(within: 1)
        #expect(isRefused(unstarted.boundPort))
        _ = try serve(TestHandler())
    }

    @Test("Nothing keeps the handler once the server has gone")
    func released() async throws {
        weak var handler: TestHandler?
        do {
            let kept = TestHandler(always: response(""))
            handler = kept
            let server = try serve(kept)
            _ = try await Client(port: server.boundPort).exchange(get("/"))
            server.stop(within: 1)
        }
        #expect(handler == nil)
    }
}
