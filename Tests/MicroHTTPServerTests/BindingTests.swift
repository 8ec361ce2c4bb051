import MicroHTTPServer
import Testing

@Suite("Binding")
struct BindingTests {
    private func server(_ host: String, port: UInt16 = 0) throws(ServerError) -> Server {
        try Server(configuration: ServerConfiguration(host: host, port: port))
    }

    @Test("A port in use is an error with its name")
    func portInUse() async throws {
        let first = try server("127.0.0.1")
        let error = #expect(throws: ServerError.self) { try server("127.0.0.1", port: first.boundPort) }
        #expect(error == .portInUse(host: "127.0.0.1", port: first.boundPort))
        #expect(error?.description.contains("\(first.boundPort)") == true)
    }

    @Test(
        "An address that is not this machine's is refused", arguments: ["", "example.org", "1.2.3", "192.0.2.1", "::g"])
    func invalid(host: String) {
        #expect(throws: ServerError.invalidAddress(host)) { try server(host) }
    }

    @Test("A port can be had again at once after a stop")
    func again() async throws {
        let first = try serve(TestHandler(always: response("")))
        let port = first.boundPort
        _ = try await Client(port: port).exchange(get("/"))
        first.stop(within: 1)
        let second = try serve(TestHandler(always: response(""))) { $0.port = port }
        #expect(try await Client(port: second.boundPort).exchange(get("/")).status == 200)
    }

    @Test("Clients that connect before the start are served after it")
    func early() async throws {
        let server = try Server(configuration: ServerConfiguration(port: 0, loops: 1))
        let client = try Client(port: server.boundPort)
        client.send(get("/"))
        try server.start(serving: TestHandler(always: response("hello")))
        #expect(try await client.receive().body == "hello")
    }

    @Test("Connections from one address are limited where that is asked for")
    func perAddress() async throws {
        let server = try serve(TestHandler(always: response("")), loops: 2) { $0.connectionsPerAddress = 2 }
        var two = try (0..<2).map { _ in try Client(port: server.boundPort) }
        for client in two { #expect(try await client.exchange(get("/")).status == 200) }
        #expect(try await Client(port: server.boundPort).isClosedByServer())
        two.removeLast()
        #expect(await eventually { server.statistics.openConnections == 1 })
        #expect(try await Client(port: server.boundPort).exchange(get("/")).status == 200)
        _ = two
    }

    @Test("Addresses that many people come through are not limited")
    func uncounted() async throws {
        let server = try serve(TestHandler(always: response(""))) {
            $0.connectionsPerAddress = 1
            $0.isUncountedAddress = { $0 == "127.0.0.1" }
        }
        let three = try (0..<3).map { _ in try Client(port: server.boundPort) }
        for client in three { #expect(try await client.exchange(get("/")).status == 200) }
    }

    @Test("Connections above the limit wait for their turn")
    func limit() async throws {
        let server = try serve(TestHandler(always: response(""))) { $0.connectionLimit = 2 }
        var clients = try (0..<3).map { _ in try Client(port: server.boundPort) }
        for client in clients[..<2] { #expect(try await client.exchange(get("/")).status == 200) }
        clients[2].send(get("/"))
        let third = clients.removeLast()
        clients.removeAll()
        #expect(try await third.receive().status == 200)
    }
}
