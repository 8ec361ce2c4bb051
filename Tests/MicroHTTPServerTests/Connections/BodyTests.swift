import HTTP
import MicroHTTPServer
import Testing

@Suite("Request bodies")
struct BodyTests {
    private func server(bodyLimit: Int = 128 * 1024) throws -> Server {
        try serve(TestHandler(memory: { Response(status: 200, fields: [], body: $0.body) })) {
            $0.bodyLimit = bodyLimit
        }
    }

    @Test("A body arrives whole, however it is cut up")
    func manyWrites() async throws {
        let server = try server()
        let client = try Client(port: server.boundPort)
        let body = String(repeating: "grüße", count: 100)
        for byte in post("/", body).unicodeScalars { client.send(String(byte)) }
        #expect(try await client.receive().body == body)
    }

    @Test("A body as large as allowed arrives, and the connection goes on")
    func largest() async throws {
        let server = try server(bodyLimit: 100_000)
        let client = try Client(port: server.boundPort)
        let body = String(repeating: "x", count: 100_000)
        for _ in 0..<3 { #expect(try await client.exchange(post("/", body)).body == body) }
    }

    @Test("A chunked body arrives whole")
    func chunked() async throws {
        let server = try server()
        let client = try Client(port: server.boundPort)
        let head = get("/", "Transfer-Encoding: chunked\r\n", method: "POST")
        let body = "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"
        for _ in 0..<2 { #expect(try await client.exchange(head + body).body == "hello world") }
    }

    @Test("A declared length above the limit is refused before the body is sent")
    func tooLargeDeclared() async throws {
        let server = try server(bodyLimit: 10)
        let client = try Client(port: server.boundPort)
        let answer = try await client.exchange(get("/", "Content-Length: 11\r\n", method: "POST"))
        #expect(answer.status == 413 && answer.body == "limit 10")
        #expect(await client.isClosedByServer())
    }

    @Test("A client that sends all of a body that is too large before it reads still gets its answer")
    func tooLargeEager() async throws {
        let server = try server(bodyLimit: 10)
        let body = String(repeating: "x", count: 600_000)
        for _ in 0..<20 {
            let client = try Client(port: server.boundPort)
            #expect(client.send(post("/", body)))
            #expect(try await client.receive().status == 413)
        }
    }

    @Test("A chunked body above the limit is refused at its end, and the connection goes on")
    func tooLargeChunked() async throws {
        let server = try server(bodyLimit: 10)
        let client = try Client(port: server.boundPort)
        let head = get("/", "Transfer-Encoding: chunked\r\n", method: "POST")
        let answer = try await client.exchange(head + "6\r\nhello \r\n6\r\nworld!\r\n0\r\n\r\n")
        #expect(answer.status == 413)
        #expect(try await client.exchange(post("/", "small")).body == "small")
    }

    @Test("A chunked body without end is cut")
    func endless() async throws {
        let server = try server(bodyLimit: 10)
        let client = try Client(port: server.boundPort)
        client.send(get("/", "Transfer-Encoding: chunked\r\n", method: "POST"))
        let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
        var sent = 0
        while sent < 1000, client.send(chunk) { sent += 1 }
        #expect(sent < 1000)
        #expect(await eventually { server.statistics.openConnections == 0 && server.statistics.openRequests == 0 })
    }
}
