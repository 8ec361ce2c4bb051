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
            "Host: other\r\n",
            "X-User-ID : root\r\n",
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
}
