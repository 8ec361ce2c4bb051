import Dispatch
import MicroHTTPServer
import Testing

@Suite("Whether the loops turn")
struct TurnTests {
    @Test("A loop that is held up is noticed, though others go on, and one that has nothing to do is not")
    func heldUp() async throws {
        let hold = DispatchSemaphore(value: 0)
        let server = try serve(TestHandler(hangingAtPut: hold), loops: 2)
        #expect(await eventually { server.secondsSinceTurn < 1.5 })
        let client = try Client(port: server.boundPort)
        client.send(get("/", "Content-Length: 0\r\n", method: "PUT"))
        #expect(await eventually { server.secondsSinceTurn > 2 })
        hold.signal()
        #expect(try await client.receive().status == 200)
        #expect(await eventually { server.secondsSinceTurn < 1.5 })
    }
}
