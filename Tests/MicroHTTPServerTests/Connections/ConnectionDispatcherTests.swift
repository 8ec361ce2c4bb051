import Dispatch
import Glibc
import HTTP
import MicroHTTPServer
import Testing

@Suite("Who serves new connections")
struct ConnectionDispatcherTests {
    /// The loop that answers, by its thread.
    private func nameOfThread(_ request: Request) -> Response? { response("\(pthread_self())") }

    private func counts(_ clients: [Client]) async throws -> [Int] {
        var counts: [String: Int] = [:]
        for client in clients {
            let answer = try await client.exchange(get("/"))
            counts[String(answer.body), default: 0] += 1
        }
        return counts.values.sorted()
    }

    @Test("A crowd that comes at once is shared out evenly among the loops")
    func crowd() async throws {
        let server = try Server(configuration: ServerConfiguration(port: 0, loops: 3))
        let clients = try (0..<60).map { _ in try Client(port: server.boundPort) }
        try server.start(serving: TestHandler(memory: nameOfThread))
        #expect(try await counts(clients) == [20, 20, 20])
    }

    @Test("Those who come one by one go to the loop that has fewest, also after others have left")
    func oneByOne() async throws {
        let server = try serve(TestHandler(memory: nameOfThread), loops: 2)
        var clients: [Client] = []
        for _ in 0..<8 {
            clients.append(try Client(port: server.boundPort))
            _ = try await clients[clients.count - 1].exchange(get("/"))
        }
        #expect(try await counts(clients) == [4, 4])
        // Every second one is of the same loop.
        clients = stride(from: 0, to: 8, by: 2).map { clients[$0] }
        #expect(await eventually { server.statistics.openConnections == 4 })
        for _ in 0..<4 { clients.append(try Client(port: server.boundPort)) }
        #expect(try await counts(clients) == [4, 4])
    }

    @Test("A loop that hangs is given no connections")
    func hanging() async throws {
        let hold = DispatchSemaphore(value: 0)
        let server = try serve(TestHandler(hangingAtPut: hold), loops: 2)
        let hanging = try Client(port: server.boundPort)
        hanging.send(get("/", "Content-Length: 0\r\n", method: "PUT"))
        #expect(await eventually { server.secondsSinceTurn > 2 })
        let others = try (0..<6).map { _ in try Client(port: server.boundPort) }
        for client in others { #expect(try await client.exchange(get("/")).status == 200) }
        hold.signal()
        #expect(try await hanging.receive().status == 200)
    }

    @Test("The limit holds over all loops together, and whoever waits is served as soon as one leaves")
    func limit() async throws {
        let server = try serve(TestHandler(always: response("")), loops: 3) { $0.connectionLimit = 4 }
        var clients = try (0..<5).map { _ in try Client(port: server.boundPort) }
        for client in clients[..<4] { #expect(try await client.exchange(get("/")).status == 200) }
        let waiting = clients.removeLast()
        waiting.send(get("/"))
        #expect(server.statistics.openConnections == 4)
        clients.removeLast()
        #expect(try await waiting.receive().status == 200)
    }
}
