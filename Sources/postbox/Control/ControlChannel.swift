import Glibc

/// A connection to or from a control socket that carries lines. It belongs to the thread that uses it.
final class ControlChannel {
    /// How long the other side may take for a line from its first byte on, or for taking one.
    static let lineLimit = Duration.seconds(10)

    private var descriptor: Int32
    private var buffer = LineBuffer()
    private var block = [UInt8](repeating: 0, count: 1 << 16)

    /// Takes a connected socket, and closes it in the end.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close()
    }

    /// Ends the connection; a second call does nothing.
    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// The user of the process at the other end, as it was when it connected (SO_PEERCRED, unix(7)); nil where the system does not tell.
    var peer: (process: Int32, user: UInt32)? {
        // struct ucred, which the module of the C library leaves out: process, user and group.
        var credentials: [UInt32] = [0, 0, 0]
        var size = socklen_t(credentials.count * MemoryLayout<UInt32>.stride)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        return (Int32(bitPattern: credentials[0]), credentials[1])
    }

    /// Waits for a line; nil where the other side has ended the connection after its last one.
    ///
    /// - Parameter patience: how long to wait for the first byte of it.
    /// - Throws: ``ControlError``.
    func readLine(patience: Duration) throws(ControlError) -> [UInt8]? {
        var end = ContinuousClock.now + (buffer.isEmpty ? patience : Self.lineLimit)
        while true {
            if let line = try buffer.next() { return line }
            let isFirst = buffer.isEmpty
            guard try receive(until: end) else {
                guard buffer.isEmpty else { throw .closed }
                return nil
            }
            if isFirst { end = .now + Self.lineLimit }
        }
    }

    /// Returns false at the end of what the other side sends.
    private func receive(until end: ContinuousClock.Instant) throws(ControlError) -> Bool {
        while true {
            let count = recv(descriptor, &block, block.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                buffer.append(block[..<count])
                return true
            }
            if count == 0 { return false }
            switch errno {
            case EAGAIN: try wait(for: Int16(POLLIN), until: end)
            case EINTR: continue
            default: throw .closed
            }
        }
    }

    /// Sends a line, which must not contain a line break.
    ///
    /// - Throws: ``ControlError``.
    func write(_ line: [UInt8]) throws(ControlError) {
        try send(line + [UInt8(ascii: "\n")])
    }

    /// Sends bytes as they are.
    ///
    /// - Throws: ``ControlError``.
    func send(_ bytes: [UInt8]) throws(ControlError) {
        let end = ContinuousClock.now + Self.lineLimit
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EAGAIN: try wait(for: Int16(POLLOUT), until: end)
            case EINTR: continue
            default: throw .closed
            }
        }
    }

    /// Waits until the socket can be read or written.
    private func wait(for events: Int16, until end: ContinuousClock.Instant) throws(ControlError) {
        let left = (end - .now) / .milliseconds(1)
        guard left > 0 else { throw .silent }
        var polled = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&polled, 1, Int32(min(left.rounded(.up), 60_000)))
    }
}
