import Glibc

/// A TCP socket that is bound and listens; closed when it goes.
///
/// It is ours rather than the library's, so that a port in use is an error with a name, and without `SO_REUSEPORT`, so
/// that no second server can take half the clients unnoticed.
final class ListeningSocket: Sendable {
    /// The result of accept(2).
    enum Accepted {
        case connection(ConnectionDispatcher.AcceptedConnection)
        /// No client is waiting.
        case noConnection
        /// The system has no descriptor or no memory for one more, or refuses: clients may still be waiting.
        case refused
    }

    let descriptor: Int32

    init(host: String, port: UInt16) throws(ServerError) {
        let address = try SocketAddress(host: host, port: port)
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw .system("socket") }
        // From here on the descriptor is closed by deinit, also where this throws.
        setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        if address.family == AF_INET6 { setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, SOMAXCONN) == 0 else {
            switch errno {
            case EADDRINUSE: throw .portInUse(host: host, port: port)
            case EACCES, EPERM: throw .permissionDenied(host: host, port: port)
            case EADDRNOTAVAIL: throw .invalidAddress(host)
            default: throw .system("bind")
            }
        }
    }

    /// Takes over a socket that listens already.
    init(_ inherited: InheritedSocket) {
        descriptor = inherited.descriptor
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The port it is really bound to.
    var port: UInt16 { SocketAddress(boundTo: descriptor).port }

    /// Accepts a waiting connection, if there is one; any thread may call it.
    ///
    /// That it must not block is for the library to say, which does so with every one that it is handed.
    func accept() -> Accepted {
        while true {
            var peer = SocketAddress()
            let accepted = peer.fill { Glibc.accept(descriptor, $0, $1) }
            if accepted >= 0 {
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                return .connection(ConnectionDispatcher.AcceptedConnection(descriptor: accepted, peer: peer))
            }
            switch errno {
            case EAGAIN: return .noConnection
            // One that has gone again, or an error of its own that Linux reports here (accept(2)): the next one may be well.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, ENONET:
                continue
            default: return .refused
            }
        }
    }

    private func setOption(_ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
