import HTTP
import MicroHTTPServer
import Synchronization
import Testing

/// Keeps what it is told.
private final class Witness: ExchangeObserver {
    let exchanges = Mutex<[Exchange]>([])

    func answered(_ exchange: Exchange) { exchanges.withLock { $0.append(exchange) } }
}

@Suite("The names of requests, and who is told of them")
struct RequestIDTests {
    private let witness = Witness()

    private func serve(_ handler: TestHandler, all: Bool = false, slowAfter: Double = .infinity) throws -> Server {
        try MicroHTTPServerTests.serve(handler) { configuration in
            configuration.makeRequestID = { "made" }
            configuration.observer = witness
            configuration.observesAll = all
            configuration.slowAfter = slowAfter
        }
    }

    private func id(_ server: Server, _ fields: String = "") async throws -> String? {
        try await Client(port: server.boundPort).exchange(get("/", fields)).field("x-request-id")
    }

    @Test("A request is answered under the name it came with, from memory, from elsewhere, and by a kept response")
    func taken() async throws {
        let shared = response("hello", isShared: true)
        for handler in [
            TestHandler(always: response("hello")), TestHandler(always: shared),
            TestHandler(elsewhere: { request in response(request.id ?? "nameless") }),
        ] {
            let server = try serve(handler)
            #expect(try await id(server, "X-Request-Id: abc\r\n") == "abc")
            #expect(try await id(server, "X-Request-Id: def\r\n") == "def")
        }
    }

    @Test("A request without a name gets one, unless its answer is one that many get")
    func made() async throws {
        let own = try serve(TestHandler(always: response("hello")))
        #expect(try await id(own) == "made")
        let shared = try serve(TestHandler(always: response("hello", isShared: true)))
        #expect(try await id(shared) == nil)
        let elsewhere = try serve(TestHandler(elsewhere: { request in response(request.id ?? "nameless") }))
        let answer = try await Client(port: elsewhere.boundPort).exchange(get("/"))
        #expect(answer.field("x-request-id") == "made")
        #expect(answer.body == "made")
    }

    @Test("A request that the server refuses has a name too")
    func refused() async throws {
        let server = try serve(TestHandler(always: response("hello")))
        let text = get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\nX-Request-Id: abc\r\n", method: "POST")
        #expect(try await Client(port: server.boundPort).exchange(text).field("x-request-id") == "abc")
    }

    @Test("The observer is told of failures under their name, and of nothing else unless it wants to know")
    func failures() async throws {
        let server = try serve(
            TestHandler(memory: { response("", status: $0.target == Array("/bad".utf8) ? 400 : 200) }))
        let client = try Client(port: server.boundPort)
        _ = try await client.exchange(get("/good"))
        _ = try await client.exchange(get("/bad"))
        let told = witness.exchanges.withLock { $0 }
        #expect(told.map(\.response.status) == [400])
        #expect(told.map(\.request.id) == ["made"])
    }

    @Test("The observer is told of slow exchanges with their time, which a slow sender is no part of")
    func slow() async throws {
        let gate = Gate()
        let server = try serve(
            TestHandler(elsewhere: { _ in
                await gate.pass()
                return response("hello")
            }), slowAfter: 0.05)
        let client = try Client(port: server.boundPort)
        client.send(get("/"))
        #expect(await eventually { gate.waiting == 1 })
        try await Task.sleep(for: .milliseconds(60))
        gate.open()
        _ = try await client.receive()
        #expect(witness.exchanges.withLock { $0.map { $0.seconds >= 0.05 } } == [true])

        let quick = try serve(TestHandler(always: response("hello")), slowAfter: 0.05)
        let sender = try Client(port: quick.boundPort)
        let text = post("/", "hello")
        sender.send(String(text.dropLast(2)))
        try await Task.sleep(for: .milliseconds(60))
        sender.send(String(text.suffix(2)))
        _ = try await sender.receive()
        #expect(witness.exchanges.withLock { $0.count } == 1)
    }

    @Test("The observer is told of everything where it wants to know")
    func all() async throws {
        let server = try serve(TestHandler(always: response("hello", isShared: true)), all: true)
        let client = try Client(port: server.boundPort)
        for _ in 0..<3 { _ = try await client.exchange(get("/")) }
        #expect(witness.exchanges.withLock { $0.count } == 3)
    }
}
