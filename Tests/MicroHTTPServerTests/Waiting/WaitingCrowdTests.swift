import HTTP
import MicroHTTPServer
import Testing

@Suite("Many clients that wait")
struct WaitingCrowdTests {
    @Test("500 requests that one change wakes are all answered at once")
    func many() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler, loops: 2)
        let clients = try (0..<500).map { _ in try Client(port: server.boundPort) }
        for client in clients { client.send(get("/a/0/60")) }
        #expect(await eventually { handler.watches == 500 })
        let start = ContinuousClock.now
        handler.change("a")
        #expect(await eventually { server.statistics.waitsChanged == 500 })
        // Alone on a machine it takes a few milliseconds.
        #expect(handler.lastLook - start < .seconds(1))
        for client in clients { #expect(try await client.receive().body == "a=1") }
        #expect(handler.looks == 500)
    }

    @Test("Where hundreds wait, all of their connections, and new ones, go on being served")
    func hundreds() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler) { $0.idleTimeout = 5 }
        var clients = try await waitingClients(700, at: server, handler)
        // The last one is on another daemon of the library than the first.
        for client in [try #require(clients.first), try #require(clients.last)] {
            client.endSending()
            #expect(await client.receiveAll().map(\.body) == ["unchanged"])
        }
        clients = Array(clients.dropFirst().dropLast())
        #expect(try await Client(port: server.boundPort).exchange(get("/")).body == "at once")
        handler.change("a")
        // Those that ask again come first, before their connections have idled for too long.
        for client in clients.prefix(10) + clients.suffix(10) {
            #expect(try await client.receive().body == "a=1")
            #expect(try await client.exchange(get("/")).body == "at once")
        }
        for client in clients.dropFirst(10).dropLast(10) { #expect(try await client.receive().body == "a=1") }
        // Each daemon has its idle time-outs looked after, though nothing happens at its sockets.
        #expect(await eventually { server.statistics.openConnections == 0 })
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsChanged == 698 && server.statistics.waitsGone == 2)
    }

    @Test("500 requests whose time is over at once are all answered")
    func manyOver() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler)
        let clients = try (0..<500).map { _ in try Client(port: server.boundPort) }
        for client in clients { client.send(get("/a/0/1")) }
        for client in clients { #expect(try await client.receive().body == "unchanged") }
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsTimedOut == 500)
    }
}
