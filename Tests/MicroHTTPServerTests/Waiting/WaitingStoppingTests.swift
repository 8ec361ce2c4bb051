import Dispatch
import HTTP
import MicroHTTPServer
import Testing

@Suite("A server that stops while clients wait")
struct WaitingStoppingTests {
    @Test("A stop answers all waits at once, and those that would begin then, with Connection: close")
    func stopping() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler, loops: 2)
        let clients = try (0..<40).map { _ in try Client(port: server.boundPort) }
        for client in clients { client.send(get("/a/0/60")) }
        let cold = try Client(port: server.boundPort)
        cold.send(get("/a/0/60/cold"))
        #expect(await eventually { handler.watches == 40 && handler.gate.waiting == 1 })
        let start = ContinuousClock.now
        let stopped = Task {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    server.stop(within: 60)
                    continuation.resume()
                }
            }
        }
        for client in clients {
            let answer = try await client.receive()
            #expect(answer.body == "stopping" && answer.field("connection")?.lowercased() == "close")
            #expect(await client.isClosedByServer())
        }
        handler.gate.open()
        #expect(try await cold.receive().body == "stopping")
        await stopped.value
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect(server.statistics.waitsStopped == 40 && server.statistics.openConnections == 0)
        #expect(await nothingIsLeft(handler, server))
    }

    @Test("Changes during a stop, and after it, do no harm: each client has one answer")
    func stopRace() async throws {
        for _ in 0..<20 {
            let handler = WaitingHandler()
            let server = try serve(handler, loops: 2)
            let clients = try (0..<32).map { _ in try Client(port: server.boundPort) }
            for client in clients { client.send(get("/a/0/60")) }
            #expect(await eventually { handler.watches == 32 })
            let reports = handler.registered
            let changed = Task.detached {
                handler.change("a")
                for report in reports { report() }
            }
            server.stop(within: 1)
            await changed.value
            for client in clients {
                let answers = await client.receiveAll()
                #expect(answers.count == 1 && ["a=1", "stopping"].contains(answers.first?.body))
            }
            for report in reports { report() }
            #expect(handler.places == 0 && handler.watches == 0)
            #expect(server.statistics.waitsChanged + server.statistics.waitsStopped == 32)
        }
    }

    @Test("Nothing keeps a handler whose requests waited when the server stopped")
    func released() async throws {
        weak var weakly: WaitingHandler?
        do {
            let handler = WaitingHandler()
            weakly = handler
            let server = try serve(handler)
            let client = try Client(port: server.boundPort)
            client.send(get("/a/0/60"))
            #expect(await eventually { handler.watches == 1 })
            let reports = handler.registered
            server.stop(within: 1)
            for report in reports { report() }
        }
        #expect(weakly == nil)
    }

    @Test("A stop answers hundreds of waits, and none of them counts as slow for the others before it")
    func stoppingHundreds() async throws {
        let (handler, observations) = (WaitingHandler(), Observations())
        let server = try serve(handler) {
            $0.observer = observations
            $0.observesAll = true
        }
        let clients = try await waitingClients(700, at: server, handler)
        let start = ContinuousClock.now
        server.stop(within: 60)
        let took = ContinuousClock.now - start
        for client in clients {
            #expect(try await client.receive().body == "stopping")
            #expect(await client.isClosedByServer())
        }
        #expect(server.statistics.waitsStopped == 700 && server.statistics.openConnections == 0)
        try #require(observations.seconds.count == 700)
        // Half of the time where each had to wait for all that are answered before it.
        let median = observations.seconds.sorted()[350]
        #expect(.seconds(median) < took / 4, "\(median) s of \(took)")
    }
}
