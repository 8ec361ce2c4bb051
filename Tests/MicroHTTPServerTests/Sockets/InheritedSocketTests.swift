import Glibc
import MicroHTTPServer
import Testing

@Suite("Inherited sockets")
struct InheritedSocketTests {
    /// A socket as a parent would pass it: bound to loopback, and listening unless told otherwise.
    private func descriptor(listening: Bool = true) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        withUnsafePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if listening { listen(descriptor, 128) }
        return descriptor
    }

    @Test("An inherited socket is served where it is bound, and between two servers clients wait in it")
    func handover() async throws {
        let parent = descriptor()
        defer { close(parent) }
        var waiting: Client?
        for round in 1...3 {
            let inherited = try InheritedSocket(descriptor: dup(parent))
            let server = try serve(TestHandler(always: response("\(round)")), loops: 2) {
                $0.inheritedSocket = inherited
            }
            #expect(inherited.host == "127.0.0.1" && inherited.port == server.boundPort && inherited.port != 0)
            if let waiting { #expect(try await waiting.receive().body == "\(round)") }
            #expect(try await Client(port: inherited.port).exchange(get("/")).body == "\(round)")
            server.stop(within: 1)
            waiting = try Client(port: inherited.port)
            waiting?.send(get("/"))
        }
    }

    @Test("An inherited descriptor that is no listening TCP socket is refused")
    func refused() throws {
        let silent = descriptor(listening: false)
        let local = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let file = open("/dev/null", O_RDONLY)
        defer { for descriptor in [silent, local, file] { close(descriptor) } }
        for descriptor in [silent, local, file, 9999] {
            #expect(throws: ServerError.unusableSocket(descriptor)) { try InheritedSocket(descriptor: descriptor) }
        }
    }
}
