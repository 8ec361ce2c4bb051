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
