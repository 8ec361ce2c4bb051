import HTTP
import MicroHTTPServer
import Testing

/// Requests that are refused before their body is read.
@Suite("Refusals at the head")
struct RefusalAtHeadTests {
    private func server(bodyMemory: Int = 64 << 20) throws -> Server {
        try serve(
            TestHandler(
                memory: { Response(status: 200, fields: [], body: $0.body) },
                atHead: { $0.target == Array("/no".utf8) ? response("no", status: 401) : nil })
        ) {
            $0.bodyMemory = bodyMemory
        }
    }

    @Test(
        "The refusal comes before the body, without an invitation to send it, and ends the connection",
        arguments: [
            "Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n",
            "Content-Length: 10\r\nExpect: 100-continue\r\n",
            "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
        ])
    func early(fields: String) async throws {
        let server = try server()
        let client = try Client(port: server.boundPort)
        #expect(try await client.exchange(get("/no", fields, method: "POST")).status == 401)
        #expect(await client.isClosedByServer())
        server.stop(within: 1)
    }

    @Test("A client that sends all of its body before it reads still gets its refusal")
    func eager() async throws {
        let server = try server()
        for _ in 0..<20 {
            let client = try Client(port: server.boundPort)
            #expect(client.send(post("/no", String(repeating: "x", count: 120_000))))
            #expect(try await client.receive().status == 401)
        }
        server.stop(within: 1)
    }

    @Test("A request that is welcome is invited to send its body")
    func invited() async throws {
        let server = try server()
        let client = try Client(port: server.boundPort)
        let head = get("/", "Content-Length: 2\r\nExpect: 100-continue\r\n", method: "POST")
        #expect(try await client.exchange(head, bodiless: true).status == 100)
        #expect(try await client.exchange("Hi").body == "Hi")
        server.stop(within: 1)
    }

    @Test("All bodies together have no more memory than they may, and what does not fit is refused")
    func bounded() async throws {
        let server = try server(bodyMemory: 100_000)
        let first = try Client(port: server.boundPort)
        first.send(get("/1", "Content-Length: 90001\r\n", method: "POST") + String(repeating: "x", count: 90_000))
        // Its bytes are counted once another one of as many is refused.
        let chunks =
            get("/", "Transfer-Encoding: chunked\r\n", method: "POST") + "4E20\r\n"
            + String(repeating: "y", count: 20_000) + "\r\n0\r\n\r\n"
        let second = try Client(port: server.boundPort)
        var statuses: Set<Int> = []
        while !statuses.contains(503) { statuses.insert(try await second.exchange(chunks).status) }
        #expect(try await second.exchange(post("/", "small")).body == "small")
        #expect(try await first.exchange("x").body.count == 90_001)
        #expect(try await second.exchange(chunks).status == 200)
        server.stop(within: 1)
    }

    @Test("One source has a sixteenth of that memory, or one body, and nobody else is refused for it")
    func shared() async throws {
        let server = try server(bodyMemory: 1_600_000)
        func stalled(_ target: String, _ bytes: Int) throws -> Client {
            let client = try Client(port: server.boundPort)
            let text = String(repeating: "x", count: bytes)
            client.send(get(target, "Content-Length: \(bytes + 1)\r\n", method: "POST") + text)
            return client
        }
        func chunks(_ target: String, _ bytes: Int) -> String {
            get(target, "Transfer-Encoding: chunked\r\n", method: "POST") + "\(String(bytes, radix: 16))\r\n"
                + String(repeating: "y", count: bytes) + "\r\n0\r\n\r\n"
        }
        let held = [try stalled("/greedy", 60_000), try stalled("/greedy", 30_000)]
        #expect(await eventually { server.bodyBytes == 90_000 })
        let other = try Client(port: server.boundPort)
        #expect(try await other.exchange(chunks("/greedy", 10_000)).status == 200)
        #expect(try await other.exchange(chunks("/greedy", 10_001)).status == 503)
        #expect(try await other.exchange(post("/greedy", "small")).body == "small")
        #expect(try await other.exchange(post("/other", String(repeating: "x", count: 120_000))).status == 200)
        var full: Client? = try stalled("/greedy", 10_000)
        #expect(await eventually { server.bodyBytes == 100_000 })
        #expect(try await other.exchange(post("/other", "small")).body == "small")
        #expect(try await other.exchange(get("/greedy", "Content-Length: 1\r\n", method: "POST")).status == 503)
        withExtendedLifetime(full) {}
        full = nil
        #expect(await eventually { server.bodyBytes == 90_000 })
        for client in held { #expect(try await client.exchange("x").status == 200) }
        #expect(await eventually { server.bodyBytes == 0 })
        #expect(server.takePeakOfBodies() == 210_000)
        #expect(server.takePeakOfBodies() == 0)
        server.stop(within: 1)
    }

    @Test("A body where none means anything is read and dropped, and takes none of that memory")
    func meaningless() async throws {
        let server = try server(bodyMemory: 1000)
        let client = try Client(port: server.boundPort)
        let body = String(repeating: "x", count: 100_000)
        for method in ["OPTIONS", "GET"] {
            let answer = try await client.exchange(get("/", "Content-Length: 100000\r\n", method: method) + body)
            #expect(answer.status == 200 && answer.body.isEmpty)
        }
        #expect(try await client.exchange(post("/", body)).status == 503)
        server.stop(within: 1)
    }

    @Test("The memory of a body is free again after its client has gone")
    func givenBack() async throws {
        let server = try server(bodyMemory: 100_000)
        for _ in 0..<5 {
            do {
                let client = try Client(port: server.boundPort)
                client.send(
                    get("/", "Content-Length: 100000\r\n", method: "POST") + String(repeating: "x", count: 99_999))
                #expect(await eventually { server.statistics.openRequests == 1 })
            }
            #expect(await eventually { server.statistics.openConnections == 0 })
        }
        let client = try Client(port: server.boundPort)
        #expect(try await client.exchange(post("/", String(repeating: "x", count: 100_000))).status == 200)
        server.stop(within: 1)
    }
}
