import HTTP
import MicroHTTPServer
import Testing

/// Heads that leave little of the connection's memory.
@Suite("Large heads")
struct HeadSizeTests {
    /// An answer with as large a head as one to a `POST` may have.
    private static let answer = Response(
        status: 201, fields: (0..<10).map { .init("X-Field-\($0)", String(repeating: "x", count: 100)) },
        body: Array("stored".utf8))

    /// The part of a request that grows, beside an ordinary token.
    private static let growing: [@Sendable (Int) -> String] = [
        {
            get(
                "/", token + "Cookie: \(String(repeating: "a=b; ", count: $0 / 5))\r\nContent-Length: 2\r\n",
                method: "POST") + "Hi"
        },
        { get("/", token + "X: \(String(repeating: "x", count: $0))\r\nContent-Length: 2\r\n", method: "POST") + "Hi" },
        {
            get("/", token + String(repeating: "X: x\r\n", count: $0 / 66) + "Content-Length: 2\r\n", method: "POST")
                + "Hi"
        },
        {
            get("/?a" + String(repeating: "&b", count: $0 / 66), token + "Content-Length: 2\r\n", method: "POST") + "Hi"
        },
        {
            get("/", token + "Transfer-Encoding: chunked\r\n", method: "POST") + "2\r\nHi\r\n0\r\n"
                + "X: \(String(repeating: "x", count: $0))\r\n\r\n"
        },
        { get("/?a" + String(repeating: "a", count: $0), token + "Content-Length: 2\r\n", method: "POST") + "Hi" },
        {
            get("/?a&b=" + String(repeating: "a", count: $0), token + "Content-Length: 2\r\n", method: "POST")
                + "Hi"
        },
        {
            String(repeating: "\r\n", count: min(900, $0 / 2))
                + get("/", token + "Content-Length: 2\r\n", method: "POST") + "Hi"
        },
    ]

    private static let token = "Authorization: Bearer \(String(repeating: "t", count: 1024))\r\n"

    @Test(
        "A request whose answer fits beside the head is done, and any other is refused, at every size",
        arguments: growing.indices)
    func sweep(kind: Int) async throws {
        let handler = TestHandler(elsewhere: { _ in Self.answer })
        let server = try serve(handler)
        var done = 0
        func isDone(_ size: Int) async throws -> Bool {
            let client = try Client(port: server.boundPort)
            client.send(Self.growing[kind](size))
            let status = (try? await client.receive())?.status
            if status == 201 { done += 1 }
            #expect(handler.requests.count == done, "\(size): \(status ?? 0)")
            #expect([201, 431].contains(status), "\(size): \(status ?? 0)")
            return status == 201
        }
        let largest = 10_400
        var edge = 0
        for size in stride(from: 0, to: largest, by: 193) where try await isDone(size) { edge = size }
        for size in stride(from: edge, to: edge + 193, by: 3) { _ = try await isDone(size) }
        // Where the library itself begins to refuse.
        for size in stride(from: 8600, to: largest, by: 17) { _ = try await isDone(size) }
        #expect(edge > 0)
        server.stop(within: 1)
    }

    @Test(
        "What has no end is refused when nothing is left for an answer, in one piece and in many",
        arguments: [
            "GET /\(String(repeating: "a", count: 20_000))", "GET /?\(String(repeating: "a", count: 20_000))",
            "GET /?\(String(repeating: "a&", count: 10_000))", String(repeating: "G", count: 20_000),
            "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 20_000))",
            "GET / HTTP/1.1\r\n\(String(repeating: "x", count: 20_000))",
            "GET / HTTP/1.1\r\n\(String(repeating: "X: x\r\n", count: 4000))",
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2;\(String(repeating: "x", count: 20_000))",
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: \(String(repeating: "x", count: 20_000))",
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(String(repeating: "X: x\r\n", count: 4000))",
        ])
    func endless(text: String) async throws {
        let handler = TestHandler(elsewhere: { _ in Self.answer })
        let server = try serve(handler)
        for before in [0, 2] {
            for pieces in [600, text.utf8.count] {
                let client = try Client(port: server.boundPort)
                client.send(String(repeating: post("/", "Hi"), count: before) + text, pieces: pieces)
                for _ in 0..<before { #expect(try await client.receive().status == 201) }
                // An extension of a chunk has a bound of its own.
                #expect(try await client.receive().status == (text.contains("2;") ? 400 : 431))
                #expect(await client.isClosedByServer())
            }
        }
        #expect(handler.requests.count == 4)
        server.stop(within: 1)
    }

    @Test("Six KiB of cookies pass beside an ordinary token, however they are cut up")
    func cookies() async throws {
        let handler = TestHandler(elsewhere: { _ in Self.answer })
        let server = try serve(handler)
        let text = get("/", Self.token + "coOkie: \(String(repeating: "a=b; ", count: 6144 / 5))\r\nX: x\r\n")
        for pieces in [1000, 1448, 1103, 1105, 1107, 20_000] {
            let client = try Client(port: server.boundPort)
            client.send(text, pieces: pieces)
            #expect(try await client.receive().status == 201)
        }
        server.stop(within: 1)
    }

    @Test("An answer that does not fit beside the head is replaced by a refusal, and a small one still fits")
    func largeAnswer() async throws {
        let link = Response(status: 200, fields: [.init("Link", String(repeating: "l", count: 5000))])
        let server = try serve(TestHandler(memory: { $0.target == Array("/small".utf8) ? response("") : link }))
        let field = "X: \(String(repeating: "x", count: 5000))\r\n"
        #expect(try await Client(port: server.boundPort).exchange(get("/")).status == 200)
        #expect(try await Client(port: server.boundPort).exchange(get("/small", field)).status == 200)
        let client = try Client(port: server.boundPort)
        #expect(try await client.exchange(get("/", field)).status == 431)
        #expect(await client.isClosedByServer())
        server.stop(within: 1)
    }

    @Test(
        "A refusal has its fields and its sentence, however little memory the head leaves", arguments: ["GET", "HEAD"])
    func refusal(method: String) async throws {
        let server = try serve(TestHandler(elsewhere: { _ in Self.answer }))
        var refusals = 0
        for size in stride(from: 8000, to: 10_200, by: 50) {
            let client = try Client(port: server.boundPort)
            client.send(get("/", "X: \(String(repeating: "x", count: size))\r\n", method: method))
            let answer = try await client.receive(bodiless: method == "HEAD")
            // The library has words of its own where not even the head fits.
            guard answer.status == 431, answer.field("content-length") == "10" else { continue }
            #expect(answer.field("x-test") == "yes", "\(size)")
            #expect(answer.body == (method == "HEAD" ? "" : "Send less."), "\(size)")
            refusals += 1
            #expect(await client.isClosedByServer())
        }
        #expect(refusals > 10)
        server.stop(within: 1)
    }

    @Test("A refusal behind an answered HEAD has its sentence")
    func refusalBehindHead() async throws {
        let server = try serve(TestHandler(elsewhere: { _ in Self.answer }))
        let client = try Client(port: server.boundPort)
        client.send(get("/", method: "HEAD"))
        #expect(try await client.receive(bodiless: true).status == 201)
        client.send(String(repeating: "G", count: 20_000))
        let refusal = try await client.receive()
        #expect(refusal.status == 431)
        #expect(refusal.body == "Send less.")
        server.stop(within: 1)
    }

    @Test("Requests that wait behind one do not take the memory for its answer")
    func pipelined() async throws {
        let gate = Gate()
        let server = try serve(
            TestHandler(elsewhere: { request in
                if request.method == .post { await gate.pass() }
                return Self.answer
            }))
        let client = try Client(port: server.boundPort)
        client.send(post("/", "Hi"))
        #expect(await eventually { gate.waiting == 1 })
        let next = get("/", "X: \(String(repeating: "x", count: 900))\r\n")
        client.send(String(repeating: next, count: 40))
        gate.open()
        for _ in 0..<41 { #expect(try await client.receive().status == 201) }
        server.stop(within: 1)
    }
}
