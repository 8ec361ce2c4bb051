import Dispatch
import Glibc
import HTTP
import MicroHTTPServer
import Synchronization
import Testing

/// Keeps how long exchanges took, in seconds.
private final class Observations: ExchangeObserver {
    private let state = Mutex<[Double]>([])

    var seconds: [Double] { state.withLock { $0 } }

    func answered(_ exchange: Exchange) { state.withLock { $0.append(exchange.seconds) } }
}

@Suite("Requests that wait for a change")
struct WaitingTests {
    private func nothingIsLeft(_ handler: WaitingHandler, _ server: Server) async -> Bool {
        await eventually {
            let now = server.statistics
            return handler.places == 0 && handler.watches == 0 && now.waitingRequests == 0 && now.suspendedRequests == 0
                && now.openRequests == 0
        }
    }

    @Test("A change is answered when it comes, and only to those who wait for it")
    func changed() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler, loops: 2)
        let clients = try (0..<8).map { _ in try Client(port: server.boundPort) }
        for (number, client) in clients.enumerated() { client.send(get("/\(number % 2 == 0 ? "even" : "odd")/0/60")) }
        #expect(await eventually { server.statistics.waitingRequests == 8 && handler.watches == 8 })
        #expect(server.statistics.suspendedRequests == 0)
        handler.change("even")
        for number in [0, 2, 4, 6] { #expect(try await clients[number].receive().body == "even=1") }
        #expect(await eventually { server.statistics.waitsChanged == 4 })
        #expect(handler.looks == 4 && handler.places == 4 && server.statistics.waitingRequests == 4)
        handler.change("odd")
        for number in [1, 3, 5, 7] { #expect(try await clients[number].receive().body == "odd=1") }
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsChanged == 8 && server.statistics.answeredRequests == 8)
    }

    @Test("Where nothing changes, the answer comes when the time is over, not before")
    func timeOver() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        for seconds in [0.3, 0.05, 0] {
            let start = ContinuousClock.now
            #expect(try await client.exchange(get("/a/0/\(seconds)")).body == "unchanged")
            #expect(ContinuousClock.now - start >= .seconds(seconds))
        }
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsTimedOut == 3 && handler.looks == 0)
    }

    @Test("A change between the first look and the registration is not missed")
    func changedBetween() async throws {
        let handler = WaitingHandler(beforeWatch: { $0.change("a") })
        let server = try serve(handler)
        #expect(try await Client(port: server.boundPort).exchange(get("/a/0/60")).body == "a=1")
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsChanged == 1 && handler.looks == 1)
    }

    @Test("A change that is reported during the registration is not missed")
    func changedMeanwhile() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler)
        let clients = try (0..<4).map { _ in try Client(port: server.boundPort) }
        for round in 0..<200 {
            for client in clients { client.send(get("/a/\(round)/60")) }
            handler.change("a")
            for client in clients { #expect(try await client.receive().body == "a=\(round + 1)") }
        }
        #expect(await nothingIsLeft(handler, server))
    }

    @Test("Reports of changes that are none do not reach the client, and do not prolong its wait")
    func spurious() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler)
        handler.reportFalsely(5)
        let start = ContinuousClock.now
        #expect(try await Client(port: server.boundPort).exchange(get("/a/0/1")).body == "unchanged")
        #expect(ContinuousClock.now - start >= .seconds(1))
        #expect(await nothingIsLeft(handler, server))
        #expect(handler.looks == 5)
        #expect(server.statistics.waitsTimedOut == 1 && server.statistics.answeredRequests == 1)
    }

    @Test("A wait whose state changes again and again does not starve others, and ends in time")
    func restless() async throws {
        let server = try serve(RestlessHandler())
        var restless: Client? = try Client(port: server.boundPort)
        restless?.send(get("/3600"))
        #expect(await eventually { server.statistics.waitingRequests == 1 })
        let other = try Client(port: server.boundPort)
        for _ in 0..<100 { #expect(try await other.exchange(get("/")).body == "at once") }
        #expect(try await other.exchange(get("/0.5")).body == "unchanged")
        #expect(server.statistics.waitingRequests == 1)
        restless = nil
        #expect(await eventually { server.statistics.waitsGone == 1 && server.statistics.waitingRequests == 0 })
        #expect(server.statistics.waitsTimedOut == 1)
    }

    @Test("A request that needs the store first waits after that, and after a change that needs the store again")
    func cold() async throws {
        let handler = WaitingHandler()
        handler.becomeCold()
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        client.send(get("/a/0/60/cold"))
        #expect(await eventually { handler.gate.waiting == 1 && server.statistics.suspendedRequests == 1 })
        handler.gate.open()
        #expect(await eventually { handler.watches == 1 && server.statistics.waitingRequests == 1 })
        #expect(server.statistics.suspendedRequests == 0)
        handler.report("a")
        #expect(await eventually { handler.looks == 1 && handler.watches == 1 })
        handler.change("a")
        #expect(try await client.receive().body == "a=1")
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsChanged == 1 && handler.looks == 2)
    }

    @Test("Work after a change that was none ends in a wait that keeps the first one's time")
    func coldDeadline() async throws {
        let handler = WaitingHandler()
        handler.becomeCold()
        handler.gate.open()
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        handler.reportFalsely(1)
        #expect(try await client.exchange(get("/a/0/1")).body == "unchanged")
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsTimedOut == 1 && handler.looks == 1)
    }

    @Test(
        "A wait that cannot go on, though nothing has changed, is answered, and not counted as a change",
        arguments: ["now", "later"])
    func evicted(when: String) async throws {
        let server = try serve(EvictingHandler())
        let client = try Client(port: server.boundPort)
        #expect(try await client.exchange(get("/\(when)")).body == "evicted")
        #expect(await eventually { server.statistics.waitsEvicted == 1 })
        let now = server.statistics
        #expect(now.waitsChanged == 0 && now.waitingRequests == 0 && now.suspendedRequests == 0)
    }

    /// The ways in which a client can leave.
    enum Leaving: CaseIterable {
        case closes, endsSending, resets
    }

    @Test(
        "A client that goes while it waits frees its place within a second, and is answered if it still reads",
        arguments: Leaving.allCases)
    func gone(how: Leaving) async throws {
        let handler = WaitingHandler()
        let server = try serve(handler) { $0.idleTimeout = 0 }
        var client: Client? = try Client(port: server.boundPort)
        _ = try await client?.exchange(get("/"))
        client?.send(get("/a/0/60"))
        #expect(await eventually { handler.watches == 1 })
        let start = ContinuousClock.now
        switch how {
        case .closes: client = nil
        case .endsSending:
            client?.endSending()
            #expect(await client?.receiveAll().map(\.body) == ["unchanged"])
        case .resets:
            client?.resetWhenClosed()
            client = nil
        }
        #expect(await nothingIsLeft(handler, server))
        #expect(handler.lastRelease - start < .seconds(1))
        #expect(await eventually { server.statistics.openConnections == 0 })
        #expect(server.statistics.waitsGone == 1)
        #expect(handler.looks == 0)
    }

    @Test("With TLS too, a client that goes while it waits frees its place", arguments: Leaving.allCases)
    func goneWithTLS(how: Leaving) async throws {
        let signed = try SelfSigned()
        let certificate = try TLSCertificate(chain: signed.chain, key: signed.key)
        let handler = WaitingHandler()
        let server = try serve(handler) {
            $0.certificate = certificate
            $0.idleTimeout = 0
        }
        let witness = try await TLSClient(port: server.boundPort)
        try witness.send(get("/b/0/60"))
        var client: TLSClient? = try await TLSClient(port: server.boundPort)
        try client?.send(get("/a/0/60"))
        #expect(await eventually { handler.watches == 2 })
        let start = ContinuousClock.now
        switch how {
        case .closes: client = nil
        case .endsSending:
            client?.endSending()
            var text = ""
            while let more = await client?.receive() { text += more }
            #expect(text.hasSuffix("unchanged"))
        case .resets:
            client?.resetWhenClosed()
            client = nil
        }
        #expect(await eventually { handler.places == 1 && handler.watches == 1 })
        #expect(handler.lastRelease - start < .seconds(1))
        #expect(await eventually { server.statistics.openConnections == 1 && server.statistics.waitsGone == 1 })
        handler.change("b")
        var text = ""
        while !text.hasSuffix("b=1"), let more = await witness.receive() { text += more }
        #expect(text.hasSuffix("b=1"))
    }

    @Test("A client that has ended its half before it would wait is answered at once")
    func endedBefore() async throws {
        let hold = DispatchSemaphore(value: 0)
        let handler = WaitingHandler(hold: { hold.wait() })
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        _ = try await client.exchange(get("/"))
        let holding = try Client(port: server.boundPort)
        holding.send(get("/hold"))
        #expect(await eventually { server.statistics.openRequests == 1 })
        client.send(get("/a/0/60") + get("/a/0/60"))
        client.endSending()
        hold.signal()
        #expect(await client.receiveAll().map(\.body) == ["unchanged", "unchanged"])
        _ = try await holding.receive()
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.waitsGone == 0)
    }

    @Test("A client that ends its half right behind a request that would wait is always answered, once")
    func endedBehind() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler, loops: 2)
        for round in 0..<300 {
            let client = try Client(port: server.boundPort)
            client.send(get("/a/0/60"))
            // The close comes before the loop looks at the request, while it does, or after that.
            for _ in 0..<round % 100 { sched_yield() }
            client.endSending()
            #expect(await client.receiveAll().map(\.body) == ["unchanged"], "round \(round)")
        }
        #expect(await nothingIsLeft(handler, server))
        #expect(handler.looks == 0 && server.statistics.answeredRequests == 300)
    }

    @Test("A client that ends its half while its answer is made is answered where it would wait then")
    func endedMeanwhile() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        client.send(get("/a/0/60/cold"))
        #expect(await eventually { handler.gate.waiting == 1 })
        client.endSending()
        handler.gate.open()
        #expect(await client.receiveAll().map(\.body) == ["unchanged"])
        #expect(await nothingIsLeft(handler, server))
    }

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

    /// Connections of one loop, each made while a request waits on all of those before it, some at a time.
    private func waitingClients(_ count: Int, at server: Server, _ handler: WaitingHandler) async throws -> [Client] {
        var clients: [Client] = []
        while clients.count < count {
            for _ in 0..<50 {
                let client = try Client(port: server.boundPort)
                client.send(get("/a/0/60"))
                clients.append(client)
            }
            try #require(await eventually { server.statistics.waitingRequests == clients.count })
        }
        return clients
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

    @Test("One connection waits again and again, and requests behind a wait are answered after it")
    func inTurn() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler)
        let client = try Client(port: server.boundPort)
        for round in 0..<50 {
            client.send(get("/a/\(round)/60") + get("/") + get("/b/0/0.01"))
            #expect(await eventually { handler.watches == 1 })
            #expect(handler.places == 1)
            handler.change("a")
            for body in ["a=\(round + 1)", "at once", "unchanged"] { #expect(try await client.receive().body == body) }
        }
        #expect(await nothingIsLeft(handler, server))
        #expect(server.statistics.openConnections == 1 && server.statistics.answeredRequests == 150)
    }

    @Test("Waiting counts neither as idle nor as slow to come in, and the connection can be used after it")
    func timeouts() async throws {
        let handler = WaitingHandler()
        let server = try serve(handler) {
            $0.idleTimeout = 2
            $0.requestTimeout = 2
        }
        let client = try Client(port: server.boundPort)
        client.send(get("/a/0/4.5") + get("/a/0/0.1") + get("/"))
        for body in ["unchanged", "unchanged", "at once"] { #expect(try await client.receive().body == body) }
        #expect(server.statistics.cutConnections == 0)
    }

    @Test("Durations leave the waiting out, in the counts and for the observer")
    func durations() async throws {
        let handler = WaitingHandler()
        let observer = Observations()
        let server = try serve(handler) {
            $0.observer = observer
            $0.observesAll = true
        }
        let client = try Client(port: server.boundPort)
        client.send(get("/a/0/60"))
        #expect(await eventually { handler.report("a") == 1 })
        try await Task.sleep(for: .seconds(1))
        handler.change("a")
        _ = try await client.receive()
        client.send(get("/a/1/1"))
        _ = try await client.receive()
        let durations = server.totals.durations(endpoint: 0)
        #expect(durations.count == 2 && durations.sum < 0.5)
        #expect(await eventually { observer.seconds.count == 2 })
        #expect(observer.seconds.allSatisfy { $0 < 0.5 })
    }
}
