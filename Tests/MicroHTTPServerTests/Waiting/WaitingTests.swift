import HTTP
import MicroHTTPServer
import Testing

@Suite("Requests that wait for a change")
struct WaitingTests {
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

    @Test("A wait whose time is over, and whose answer needs some work, is answered after that, and counts as over")
    func overdue() async throws {
        let server = try serve(OverdueHandler())
        let client = try Client(port: server.boundPort)
        for _ in 0..<3 { #expect(try await client.exchange(get("/")).body == "after work") }
        #expect(await eventually { server.statistics.waitsTimedOut == 3 })
        let now = server.statistics
        #expect(now.waitsChanged == 0 && now.waitingRequests == 0 && now.suspendedRequests == 0)
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
