import CMicroHTTPD
import Glibc

/// Tells which sockets' peers send no more: the library, which is told of each change once, misses an end that comes with a request.
final class HalfCloseWatcher {
    /// Becomes readable when there is one.
    let descriptor: Int32

    init() throws(ServerError) {
        descriptor = watched_sockets()
        guard descriptor >= 0 else { throw .system("epoll_create1") }
    }

    deinit { close(descriptor) }

    /// Watches a socket until it is closed. Without memory for that, its connection may stay until the idle time-out.
    func watch(_ socket: Int32) {
        _ = watch_for_end(descriptor, socket)
    }

    /// Watches no more a socket that has a copy which outlives it: an event would be taken for one of the next with its number.
    func forget(_ socket: Int32) {
        forget_socket(descriptor, socket)
    }

    /// One of the sockets whose peers have ended, each once; nil where there is no more.
    func next() -> Int32? {
        let socket = take_ended_socket(descriptor)
        return socket >= 0 ? socket : nil
    }
}
