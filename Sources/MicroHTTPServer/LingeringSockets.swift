import CMicroHTTPD
import Glibc

/// Sockets whose connection is over, but whose client may still be sending.
///
/// To close a socket that has unread bytes resets it, and a reset can overtake the answer: a client that sends a large
/// body before it reads would never learn why it was refused. So the rest is read and dropped, for a while.
struct LingeringSockets {
    /// How long a client may go on, in seconds.
    private static let patience = 2.0
    /// The most sockets kept in this way; further ones are reset.
    private static let limit = 256

    private var sockets: [(descriptor: Int32, until: MonotonicTime)] = []

    var isEmpty: Bool { sockets.isEmpty }

    /// Keeps a socket open that its owner is about to close.
    mutating func keep(_ descriptor: Int32, now: MonotonicTime) {
        guard sockets.count < Self.limit else { return }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return }
        // Says that nothing more will come, which closing would have said.
        shutdown(copy, Int32(SHUT_WR))
        sockets.append((copy, now + Self.patience))
    }

    /// Drops what has come in, and closes the sockets whose client is done or has had its time.
    mutating func drain(now: MonotonicTime) {
        sockets.removeAll { socket in
            guard now >= socket.until || Self.isDone(socket.descriptor) else { return false }
            close(socket.descriptor)
            return true
        }
    }

    /// Closes them all.
    mutating func closeAll() {
        for socket in sockets { close(socket.descriptor) }
        sockets = []
    }

    /// Reads a bounded amount, so that no client holds up the loop; the library has made the socket non-blocking.
    private static func isDone(_ descriptor: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            for _ in 0..<8 {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                if count <= 0 { return count == 0 || (errno != EAGAIN && errno != EINTR) }
            }
            return false
        }
    }
}
