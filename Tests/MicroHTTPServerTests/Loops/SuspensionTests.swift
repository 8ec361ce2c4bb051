import HTTP
import MicroHTTPServer
import Testing

@Suite("Requests that memory cannot answer")
struct SuspensionTests {
    @Test("128 clients on one loop that all wait at once are all answered")
    func allAtOnce() async throws {
        let gate = Gate()
        let server = try serve(
            TestHandler(elsewhere: { request in
                await gate.pass()
                return response(String(decoding: request.body, as: UTF8.self))
            }))
        let clients = try (0..<128).map { _ in try Client(port: server.boundPort) }
        for (index, client) in clients.enumerated() { client.send(post("/", "\(index)")) }
        #expect(await eventually { gate.waiting == 128 && server.statistics.suspendedRequests == 128 })
        gate.open()
        for (index, client) in clients.enumerated() { #expect(try await client.receive().body == "\(index)") }
        #expect(await eventually { server.statistics.suspendedRequests == 0 && server.statistics.openRequests == 0 })
    }

    @Test("64 clients that each wait again and again never stall")
    func againAndAgain() async throws {
        let server = try serve(TestHandler(elsewhere: { _ in response("later") }))
        let clients = try (0..<64).map { _ in try Client(port: server.boundPort) }
        for _ in 0..<50 {
            for client in clients { client.send(get("/")) }
            for client in clients { #expect(try await client.receive().body == "later") }
        }
        #expect(server.statistics.answeredRequests == 3200)
    }

    @Test("An answer from memory does not wait behind a suspended one")
    func independence() async throws {
        let gate = Gate()
        let server = try serve(TestHandler(heldBy: gate))
        let slow = try Client(port: server.boundPort)
        slow.send(post("/", "x"))
        #expect(await eventually { gate.waiting == 1 })
        #expect(try await Client(port: server.boundPort).exchange(get("/")).body == "now")
        gate.open()
        #expect(try await slow.receive().body == "later")
    }
}
