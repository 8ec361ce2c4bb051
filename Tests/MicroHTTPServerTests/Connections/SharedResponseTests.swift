import HTTP
import MicroHTTPServer
import Testing

@Suite("A response given many times")
struct SharedResponseTests {
    @Test("One response answers many connections on several loops, and is prepared once")
    func shared() async throws {
        let shared = response("hello", isShared: true)
        let server = try serve(TestHandler(always: shared), loops: 2)
        let clients = try (0..<16).map { _ in try Client(port: server.boundPort) }
        _ = try await clients[0].exchange(get("/"))
        let prepared = shared.attachment.withLock { $0.map(ObjectIdentifier.init) }
        for _ in 0..<100 {
            for client in clients { client.send(get("/")) }
            for client in clients { #expect(try await client.receive().body == "hello") }
        }
        #expect(prepared != nil)
        #expect(shared.attachment.withLock { $0.map(ObjectIdentifier.init) } == prepared)
    }

    @Test("A response outlives its server")
    func outlives() async throws {
        let shared = response("hello", isShared: true)
        for _ in 0..<3 {
            let server = try serve(TestHandler(always: shared))
            #expect(try await Client(port: server.boundPort).exchange(get("/")).body == "hello")
            server.stop(within: 1)
        }
    }

    @Test("Large bodies arrive whole, many at once, from memory and from elsewhere")
    func large() async throws {
        @Sendable func large(_ seed: Int) -> String { String(repeating: "\(seed) and so on, ", count: 20_000 + seed) }
        let server = try serve(
            TestHandler(
                memory: {
                    $0.target == Array("/0".utf8) ? Response(status: 200, fields: [], body: Array(large(0).utf8)) : nil
                },
                elsewhere: { Response(status: 200, fields: [], body: Array(large($0.target.count).utf8)) }), loops: 2)
        let clients = try (0..<8).map { _ in try Client(port: server.boundPort) }
        for _ in 0..<3 {
            for (place, client) in clients.enumerated() {
                client.send(get(place == 0 ? "/0" : "/" + String(repeating: "x", count: place)))
            }
            for (place, client) in clients.enumerated() {
                let isWhole = try await client.receive().body == large(place == 0 ? 0 : place + 1)
                #expect(isWhole)
            }
        }
    }
}
