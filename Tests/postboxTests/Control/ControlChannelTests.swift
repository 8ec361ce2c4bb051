import Glibc
import Testing

@testable import postbox

@Suite("Connections for commands")
struct ControlChannelTests {
    private func pair() throws -> (ControlChannel, ControlChannel) {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (ControlChannel(ends[0]), ControlChannel(ends[1]))
    }

    @Test("Lines arrive in order, and after the last one comes the end")
    func lines() throws {
        let (near, far) = try pair()
        try near.write(Array("one".utf8))
        try near.write(Array("two".utf8))
        #expect(try far.readLine(patience: .seconds(5)) == Array("one".utf8))
        #expect(try far.readLine(patience: .seconds(5)) == Array("two".utf8))
        near.close()
        #expect(try far.readLine(patience: .seconds(5)) == nil)
    }

    @Test("A line that the end cuts off is no line")
    func cut() throws {
        let (near, far) = try pair()
        try near.send(Array("half".utf8))
        near.close()
        #expect(throws: ControlError.closed) { try far.readLine(patience: .seconds(5)) }
    }

    @Test("Silence has an end")
    func silence() throws {
        let (near, far) = try pair()
        #expect(throws: ControlError.silent) { try far.readLine(patience: .milliseconds(20)) }
        _ = near
    }

    @Test("The user at the other end is known")
    func peer() throws {
        let (near, _) = try pair()
        let peer = try #require(near.peer)
        #expect(peer.user == geteuid() && peer.process == getpid())
    }
}
