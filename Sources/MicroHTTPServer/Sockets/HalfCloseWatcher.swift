import CMicroHTTPD
import Glibc

/// Reports the sockets whose peer has closed its sending side. The library is told of each change once, and misses a close that comes with a request.
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

    /// Stops watching a socket whose duplicate outlives it: an event would be taken for one of the next socket with its number.
    func forget(_ socket: Int32) {
        forget_socket(descriptor, socket)
    }

    /// The next socket whose peer has closed its sending side, each once; nil where there is none.
    func next() -> Int32? {
        let socket = take_ended_socket(descriptor)
        return socket >= 0 ? socket : nil
    }
}
