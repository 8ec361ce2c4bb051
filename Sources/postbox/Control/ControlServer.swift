import Dispatch
import Foundation
import Glibc
import Logging
import Messaging
import Synchronization

/// Takes operators' commands on a Unix socket beside the database file, and gives them to the store that is open here.
///
/// Only the server's own user and root may: the socket's mode is 0600, and the user of each connection is checked. Each connection has a
/// thread of its own with a low priority; the event loops never wait for one. Any thread may call any method.
final class ControlServer: Sendable {
    /// The most connections at a time; another one is told to come back later.
    static let mostConnections = 4
    /// The most bytes of all connections, about: a batch of lines as it comes in, as lines, and as records.
    static let largestMemory = mostConnections * 3 * LineBuffer.longestLine
    /// The mode of the socket.
    private static let mode: mode_t = 0o600
    /// For how many seconds to wait for commands at the end.
    private static let patience = 2.0
    /// The nice value of its threads.
    private static let niceness: Int32 = 10

    private struct State {
        var connections: Set<Int32> = []
        var isStopping = false
    }

    private let address: ControlAddress
    private let listener: Int32
    private let store: any ServedStore
    private let metrics: ControlMetrics
    private let logger: Logger
    private let importPlace = ControlImport.Place()
    private let state = Mutex(State())
    private let threads = DispatchGroup()

    /// Makes the socket. The caller holds the database, so a socket that is there already is one of a killed server, and is replaced.
    ///
    /// - Throws: ``ControlError/unreachable(_:)``.
    init(
        _ address: ControlAddress, store: any ServedStore, metrics: ControlMetrics, logger: Logger
    ) throws(ControlError) {
        self.address = address
        self.store = store
        self.metrics = metrics
        self.logger = logger
        listener = try Self.listen(at: address)
        start { server in server.accept() }
    }

    private static func listen(at address: ControlAddress) throws(ControlError) -> Int32 {
        guard !address.isOtherThanSocket else { throw .unreachable("there is something else than a socket") }
        unlink(address.path)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw .unreachable(SystemError.text) }
        do throws(ControlError) {
            // Before it has a name: the name takes the mode of the socket.
            guard fchmod(listener, mode) == 0 else { throw .unreachable(SystemError.text) }
            try address.withSocketAddress { (pointer, size) throws(ControlError) in
                guard bind(listener, pointer, size) == 0 else { throw .unreachable(SystemError.text) }
            }
            guard Glibc.listen(listener, Int32(mostConnections)) == 0 else { throw .unreachable(SystemError.text) }
            return listener
        } catch {
            close(listener)
            throw error
        }
    }

    private func start(_ work: @escaping @Sendable (ControlServer) -> Void) {
        threads.enter()
        let thread = Thread { [self] in
            // Of this thread alone, on Linux.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
            work(self)
            threads.leave()
        }
        thread.name = "postbox-control"
        thread.start()
    }

    /// Takes no further commands: connections end once the present command, or the present part of an import, is answered. Returns at once.
    func beginStop() {
        state.withLock { state in
            state.isStopping = true
            shutdown(listener, Int32(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, Int32(SHUT_RD)) }
        }
    }

    /// Takes no further commands, removes the socket, and waits a moment for the present ones. A longer one, such as the removal of millions of
    /// messages, ends when the store is closed: the next run completes it.
    func stop() {
        beginStop()
        _ = threads.wait(timeout: .now() + Self.patience)
        unlink(address.path)
        close(listener)
    }

    private func accept() {
        while !state.withLock(\.isStopping) {
            let connection = Glibc.accept(listener, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                serve(connection)
            } else if ![EINTR, ECONNABORTED, EINVAL].contains(errno) {
                // Without a free descriptor, for example.
                usleep(100_000)
            }
        }
    }

    private func serve(_ connection: Int32) {
        let channel = ControlChannel(connection)
        guard let peer = channel.peer, peer.user == 0 || peer.user == geteuid() else {
            logger.warning(
                "a user may not give commands",
                metadata: ["peer_uid": "\(channel.peer.map { "\($0.user)" } ?? "unknown")"])
            refuse(channel, .badRequest, "only the server's own user and root may give commands")
            return
        }
        let isTaken = state.withLock { state in
            guard !state.isStopping, state.connections.count < Self.mostConnections else { return false }
            state.connections.insert(connection)
            return true
        }
        guard isTaken else {
            refuse(channel, .overloaded, "the server is at \(Self.mostConnections) other commands; try again later")
            return
        }
        let session = SendableChannel(channel: channel)
        start { server in
            server.run(session.channel)
            _ = server.state.withLock { $0.connections.remove(connection) }
        }
    }

    private func run(_ channel: ControlChannel) {
        do throws(ControlError) {
            try ControlSession(channel, store: store, metrics: metrics, logger: logger, importPlace: importPlace) {
                [self] in
                state.withLock(\.isStopping)
            }.run()
        } catch {
            logger.info("a connection for commands ended", metadata: ["reason": "\(error)"])
        }
    }

    private func refuse(_ channel: ControlChannel, _ reason: ControlRefusal.Reason, _ text: String) {
        // A client that has gone needs no answer.
        try? channel.write(ControlJSON.encode(ControlAnswer.refused(ControlRefusal(reason: reason, text: text))))
    }
}

/// Hands a channel over to its thread.
///
/// Unchecked: the thread that made the channel gives it away and never uses it again.
private struct SendableChannel: @unchecked Sendable {
    let channel: ControlChannel
}
