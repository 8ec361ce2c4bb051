import HTTP
import MicroHTTPServer
import Testing

@Suite("Requests and responses on the wire")
struct ExchangeTests {
    @Test("Many requests share one connection")
    func keepAlive() async throws {
        let server = try serve(TestHandler(always: response("hello")))
        let client = try Client(port: server.boundPort)
        for _ in 0..<1000 {
            let answer = try await client.exchange(get("/"))
            #expect(answer.status == 200 && answer.body == "hello")
        }
        #expect(server.statistics.answeredRequests == 1000)
        #expect(server.statistics.openConnections == 1)
    }

    @Test(
        "The target arrives as it was sent",
        arguments: ["/a%2Fb", "/a%00b?x=%00", "/a?b+c=d+e&f=%2B", "/%FF", "/a//b/../c", "*", "/?", "/a?b?c#d"])
    func rawTarget(target: String) async throws {
        let handler = TestHandler(always: response(""))
        let server = try serve(handler)
        _ = try await Client(port: server.boundPort).exchange(get(target))
        #expect(handler.requests.map(\.target) == [Array(target.utf8)])
    }

    @Test(
        "The method arrives as what it is",
        arguments: [
            ("GET", Method.get), ("POST", .post), ("PUT", .put), ("OPTIONS", .options), ("HEAD", .head),
            ("DELETE", .other), ("get", .other),
        ])
    func methods(name: String, method: Method) async throws {
        let handler = TestHandler(always: response(""))
        let server = try serve(handler)
        _ = try await Client(port: server.boundPort).exchange(get("/", method: name), bodiless: true)
        #expect(handler.requests.map(\.method) == [method])
    }

    @Test("Known header fields arrive in any case, repeated, and without blanks around them; others do not")
    func fields() async throws {
        let handler = TestHandler(always: response(""))
        let server = try serve(handler)
        let text = "X-USER-ID: one\r\nx-user-id:  two \t\r\nCookie: no\r\nIf-None-Match: \"ä\"\r\n"
        _ = try await Client(port: server.boundPort).exchange(get("/", text))
        let fields = try #require(handler.requests.first?.fields)
        #expect(fields.all(.userID).map { String(decoding: $0, as: UTF8.self) } == ["one", "two"])
        #expect(fields[.ifNoneMatch].map(Array.init) == Array("\"ä\"".utf8))
        #expect(fields.count(of: .authorization) == 0)
    }

    @Test("The peer's address comes without its port")
    func peer() async throws {
        let handler = TestHandler(always: response(""))
        for host in ["127.0.0.1", "localhost", "::"] {
            let server = try serve(handler) { $0.host = host }
            _ = try await Client(port: server.boundPort).exchange(get("/"))
        }
        #expect(handler.requests.map(\.peer) == ["127.0.0.1", "127.0.0.1", "127.0.0.1"])
    }

    @Test("HEAD has the length of the body, and no body")
    func head() async throws {
        let server = try serve(TestHandler(always: response("hello")))
        let client = try Client(port: server.boundPort)
        let answer = try await client.exchange(get("/", method: "HEAD"), bodiless: true)
        #expect(answer.field("content-length") == "5")
        #expect(try await client.exchange(get("/")).body == "hello")
    }

    @Test("HEAD may be answered without the body being there, and the connection goes on")
    func headWithoutBody() async throws {
        let handler = TestHandler(memory: { request in
            request.method == .head ? Response(status: 200, fields: [], sizeOfBody: 5_000_000_000) : response("hello")
        })
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        for _ in 0..<2 {
            let answer = try await client.exchange(get("/", method: "HEAD"), bodiless: true)
            #expect(answer.status == 200 && answer.field("content-length") == "5000000000")
            #expect(try await client.exchange(get("/")).body == "hello")
        }
    }

    private final class Share: Sendable {
        let isGone: Gate
        init(_ isGone: Gate) { self.isGone = isGone }
        deinit { isGone.open() }
    }

    @Test("What belongs to a body is held until it is sent, and no longer")
    func share() async throws {
        let gone = Gate()
        let handler = TestHandler(memory: { _ in
            Response(status: 200, fields: [], body: Array(repeating: 120, count: 20_000_000), share: Share(gone))
        })
        // However long this has to wait for others.
        let server = try serve(handler) { $0.idleTimeout = 0 }
        let client = try Client(port: server.boundPort)
        client.send(get("/"))
        #expect(await eventually { handler.requests.count == 1 })
        // More than the system takes in for a client that does not read.
        for _ in 0..<50 { await Task.yield() }
        #expect(!gone.isOpen)
        #expect(try await client.receive().body.utf8.count == 20_000_000)
        await gone.pass()
    }

    @Test("304 and 204 have no body, even where the response has one", arguments: [304, 204])
    func bodiless(status: Int) async throws {
        let server = try serve(TestHandler(always: response("hello", status: status)))
        let client = try Client(port: server.boundPort)
        for _ in 0..<2 {
            let answer = try await client.exchange(get("/"), bodiless: true)
            #expect(answer.status == status && answer.field("x-test") == "yes")
        }
    }

    @Test("Requests sent at once are answered in order")
    func pipelining() async throws {
        let server = try serve(
            TestHandler(elsewhere: { response(String(decoding: $0.target, as: UTF8.self)) }))
        let client = try Client(port: server.boundPort)
        client.send((0..<50).map { get("/\($0)") }.joined())
        for index in 0..<50 { #expect(try await client.receive().body == "/\(index)") }
    }

    @Test("8 KiB of header fields fit; far more are refused without harm to others")
    func largeHead() async throws {
        let server = try serve(TestHandler(always: response("hello")))
        let large = "Authorization: Bearer " + String(repeating: "x", count: 8000) + "\r\nAccept: x\r\nCookie: y\r\n"
        let client = try Client(port: server.boundPort)
        #expect(try await client.exchange(get("/", large)).status == 200)
        #expect(try await client.exchange(get("/", large)).status == 200)
        let greedy = "Cookie: " + String(repeating: "x", count: 100_000) + "\r\n"
        #expect(try await Client(port: server.boundPort).exchange(get("/", greedy)).status == 431)
        #expect(try await client.exchange(get("/")).status == 200)
    }
}
