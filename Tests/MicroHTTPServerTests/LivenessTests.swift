import Dispatch
import MessagingHTTP
import MicroHTTPServer
import Testing

@Suite("Whether the loops turn", .timeLimit(.minutes(1)))
struct LivenessTests {
    @Test("Loops that have nothing to do turn")
    func idle() async throws {
        let server = try serve(TestHandler(always: response("ok")), loops: 3)
        #expect(await eventually { server.secondsSinceTurn < 5 })
        try await Task.sleep(for: .seconds(2))
        #expect(server.secondsSinceTurn < 2)
    }

    @Test("One loop of several that hangs is noticed, and so is that it goes on")
    func oneHangs() async throws {
        let (begun, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let server = try serve(
            TestHandler(memory: { _ in
                begun.signal()
                gate.wait()
                return response("late")
            }), loops: 3)
        let client = try Client(port: server.boundPort)
        client.send(get("/"))
        #expect(await eventually { begun.wait(timeout: .now()) == .success })
        #expect(await eventually { server.secondsSinceTurn > 1.5 })
        gate.signal()
        #expect(try await client.receive().body == "late")
        #expect(await eventually { server.secondsSinceTurn < 1.5 })
    }
}
