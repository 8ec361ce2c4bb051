import Dispatch
import Glibc
import HTTP
import MicroHTTPServer
import Testing

@Suite("Clients that leave while they wait")
struct WaitingLeavingTests {
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
}
