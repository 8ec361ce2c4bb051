import HTTP
import Testing

/// Heads that two readers could read differently.
struct FramingTests {
    @Test(
        "An encoding other than chunked, a length beside one and a second length end the connection at once",
        arguments: [
            "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
            "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length : 2\r\n", "Content-Length\t: 2\r\n",
            "Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Content-Length: 2, 2\r\n",
            "Transfer-Encoding: chunked \r\n", "Transfer-Encoding: chunked\t\r\n", "Content-Length: 2 \r\n",
            "Content-Length: +2\r\n", "Content-Length:\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        ])
    func refused(fields: String) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        #expect(try await client.exchange(get("/", fields, method: "POST") + "Hi").status == 400)
        client.send(get("/next"))
        #expect(await client.isClosedByServer())
        #expect(handler.requests.isEmpty)
        server.stop(within: 1)
    }

    @Test(
        "A line that is none is refused once, whatever it says of the body, or the lines behind it do",
        arguments: [
            "Content-Length: 2\u{B}\r\n", "Content-Length: \u{1}2\r\n", "Content-Length: 2\u{0}\r\n",
            "Content-Length: 2\r1\r\n",
            "Transfer-Encoding: chunked\u{B}\r\n", "X: \u{1}\r\nContent-Length: 2x\r\n",
            "X\r\nContent-Length: -1\r\n",
            "X : x\r\nTransfer-Encoding: gzip\r\n", ": x\r\nContent-Length: 2\r\nContent-Length: 3\r\n",
        ])
    func refusedOnce(fields: String) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let text = get("/", fields, method: "POST") + "Hi" + get("/next")
        for pieces in [1, 3, text.utf8.count] {
            let client = try Client(port: server.boundPort)
            client.send(text, pieces: pieces)
            #expect(await client.isRefused())
        }
        #expect(handler.requests.isEmpty)
        server.stop(within: 1)
    }

    @Test("What is refused before its end is answered behind an answer that takes its time")
    func refusedInTurn() async throws {
        let gate = Gate()
        let handler = TestHandler(elsewhere: { _ in
            await gate.pass()
            return Response(status: 201, fields: [])
        })
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        client.send(post("/", "Hi") + get("/", "X : x\r\n") + get("/smuggled"))
        #expect(await eventually { gate.waiting == 1 })
        gate.open()
        #expect(try await client.receive().status == 201)
        #expect(await client.isRefused())
        #expect(handler.requests.count == 1)
        server.stop(within: 1)
    }

    @Test("chunked in any case is chunked")
    func chunked() async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        for name in ["chunked", "Chunked", "CHUNKED"] {
            let answer = try await client.exchange(
                get("/", "Transfer-Encoding: \(name)\r\n", method: "POST") + "2\r\nHi\r\n0\r\n\r\n")
            #expect(answer.status == 200)
        }
        #expect(handler.requests.map(\.body) == [Array("Hi".utf8), Array("Hi".utf8), Array("Hi".utf8)])
        server.stop(within: 1)
    }

    @Test("A body in chunks that are none is refused at its end, and nothing of it is handed on", arguments: chunks)
    func chunksRefused(body: String) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        client.send(get("/", "Transfer-Encoding: chunked\r\n", method: "POST") + body + get("/smuggled"))
        #expect(try await client.receive().status == 400)
        #expect(await client.isClosedByServer())
        #expect(handler.requests.isEmpty)
        server.stop(within: 1)
    }

    private static let chunks = [
        "2\nHi\r\n0\r\n\r\n", "2\r\nHi\n0\r\n\r\n", "2\r\nHi\r\n0\n\r\n", "0\r\n:\r\n", "0\r\n:\n",
        "0\r\nA: b\r\n c\r\n\r\n",
        "0\r\nA : b\r\n\r\n", "0\r\nA: b\r\n:\n", "0 \r\n\r\n", "0x0\r\n\r\n", "\r\n\r\n",
    ]

    @Test(
        "Extensions of a chunk are passed over, and refused where its line has more than 1 KiB",
        arguments: [1, 300, 10_000])
    func extensions(pieces: Int) async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        for size in [1, 500, 1020, 1023, 1024, 1500, 6000, 9000] {
            let client = try Client(port: server.boundPort)
            client.send(get("/", "Transfer-Encoding: chunked\r\n", method: "POST"))
            client.send("2;" + String(repeating: "x", count: size) + "\r\nHi\r\n0\r\n\r\n", pieces: pieces)
            let fits = size + 2 <= 1024
            #expect(try await client.receive().status == (fits ? 200 : 400), "\(size)")
            if !fits { #expect(await client.isClosedByServer()) }
        }
        #expect(handler.requests.count == 3)
        server.stop(within: 1)
    }

    @Test("chunked in HTTP/1.0, which has no chunks, is refused")
    func chunkedInOldVersion() async throws {
        let server = try serve(TestHandler(always: response("seen")))
        let client = try Client(port: server.boundPort)
        client.send("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        #expect(try await client.receive().status == 400)
        server.stop(within: 1)
    }

    @Test("Fields behind a body in chunks are passed over, and the connection goes on")
    func trailers() async throws {
        let handler = TestHandler(always: response("seen"))
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        let text = get("/", "Transfer-Encoding: chunked\r\n", method: "POST")
        for trailers in ["A: b\r\n", "A: b\r\nX-User-ID: root\r\n", ""] {
            #expect(try await client.exchange("\(text)2\r\nHi\r\n0\r\n\(trailers)\r\n").status == 200)
        }
        #expect(handler.requests.map(\.body) == Array(repeating: Array("Hi".utf8), count: 3))
        server.stop(within: 1)
    }
}
