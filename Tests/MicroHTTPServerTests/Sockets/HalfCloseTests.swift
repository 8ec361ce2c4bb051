import HTTP
import MicroHTTPServer
import Testing

/// Clients that send all they have to say, end their half of the connection, and read.
@Suite("Clients that end their half")
struct HalfCloseTests {
    @Test("Clients that end their half get all their answers, and then their place is free", arguments: [1, 2, 12])
    func answered(requests: Int) async throws {
        for handler in [TestHandler(always: response("")), TestHandler(elsewhere: { _ in response("") })] {
            let server = try serve(handler) { $0.idleTimeout = 0 }
            for text in [get("/"), post("/", "Hi")] {
                for _ in 0..<20 {
                    let client = try Client(port: server.boundPort)
                    client.send(String(repeating: text, count: requests))
                    client.endSending()
                    for _ in 0..<requests { #expect(try await client.receive().status == 200) }
                    #expect(await client.isClosedByServer())
                }
            }
            #expect(await eventually { server.statistics.openConnections == 0 })
            server.stop(within: 1)
        }
    }

    @Test("Clients that end their half during or after a slow answer get it, and their place is free")
    func late() async throws {
        let gate = Gate()
        let server = try serve(
            TestHandler(elsewhere: { _ in
                await gate.pass()
                return response("late")
            })
        ) { $0.idleTimeout = 0 }
        let early = try Client(port: server.boundPort)
        early.send(post("/", "Hi"))
        early.endSending()
        let late = try Client(port: server.boundPort)
        late.send(post("/", "Hi"))
        #expect(await eventually { gate.waiting == 2 })
        gate.open()
        #expect(try await early.receive().body == "late")
        #expect(try await late.receive().body == "late")
        late.endSending()
        #expect(await early.isClosedByServer())
        #expect(await late.isClosedByServer())
        #expect(await eventually { server.statistics.openConnections == 0 })
        server.stop(within: 1)
    }
}
