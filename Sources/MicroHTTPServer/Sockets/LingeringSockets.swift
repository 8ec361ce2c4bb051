import CMicroHTTPD
import Glibc

/// Sockets whose connection is over, but whose client may still be sending.
///
/// To close a socket that has unread bytes resets it, and a reset can overtake the answer: a client that sends a large
/// body before it reads would never learn why it was refused. So the rest is read and dropped, for a while.
struct LingeringSockets {
    /// How long a client may go on, in seconds.
    private static let patience = 2.0
    /// How much is read of what a client goes on sending, in bytes; a client that sends more gets a reset.
    private static let mostBytes = 4 << 20
    /// The most sockets kept in this way; further ones are reset.
    private static let limit = 256

    private struct Socket {
        let descriptor: Int32
        let until: MonotonicTime
        var left = LingeringSockets.mostBytes

        /// Reads a bounded amount, so that no client holds up the loop; the library has made the socket non-blocking.
        mutating func isDone() -> Bool {
            withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
                for _ in 0..<8 {
                    let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                    if count <= 0 { return count == 0 || (errno != EAGAIN && errno != EINTR) }
                    left -= count
                }
                return left <= 0
            }
        }
    }

    private var sockets: [Socket] = []

    var isEmpty: Bool { sockets.isEmpty }

    /// Keeps a socket open that its owner is about to close.
    mutating func keep(_ descriptor: Int32, now: MonotonicTime) {
        guard sockets.count < Self.limit else { return }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return }
        // Says that nothing more will come, which closing would have said.
        shutdown(copy, Int32(SHUT_WR))
        sockets.append(Socket(descriptor: copy, until: now + Self.patience))
    }

    /// Drops what has come in, and closes the sockets whose client is done or has had its time.
    mutating func drain(now: MonotonicTime) {
        for place in sockets.indices.reversed() where now >= sockets[place].until || sockets[place].isDone() {
            close(sockets[place].descriptor)
            sockets.remove(at: place)
        }
    }

    /// Closes them all.
    mutating func closeAll() {
        for socket in sockets { close(socket.descriptor) }
        sockets = []
    }
}
