import Glibc

/// Why a server could not begin to serve.
public enum ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The host is neither an address of this machine nor `localhost`.
    case invalidAddress(String)
    /// Something else listens on this port already.
    case portInUse(host: String, port: UInt16)
    /// This user may not listen on this port.
    case permissionDenied(host: String, port: UInt16)
    /// The descriptor that was inherited is no TCP socket that listens.
    case unusableSocket(Int32)
    /// The HTTP library of this version is not known to be safe.
    case unsafeLibrary(String)
    /// Another system call failed; `reason` is its own text.
    case system(operation: String, reason: String)

    /// One line that says what is wrong and what can be done about it.
    public var description: String {
        switch self {
        case .invalidAddress(let host):
            "cannot listen on \"\(host)\": give an IPv4 or IPv6 address of this machine, or localhost"
        case .portInUse(let host, let port):
            "port \(port) on \(host) is in use: stop the other program or choose another port"
        case .permissionDenied(let host, let port):
            "not allowed to listen on port \(port) of \(host): choose a port from 1024 up, or grant the right to bind it"
        case .unusableSocket(let descriptor):
            "descriptor \(descriptor) is no TCP socket that listens: give one, as systemd does for ListenStream=ADDRESS:PORT"
        case .unsafeLibrary(let version):
            "libmicrohttpd \(version) is none that requests are safe with: install 0.9.75 or a later 0.9, or 1.0"
        case .system(let operation, let reason):
            "\(operation) failed: \(reason)"
        }
    }

    /// The error for the call that has just failed; reads `errno`.
    static func system(_ operation: String, errno code: Int32 = errno) -> ServerError {
        .system(operation: operation, reason: String(cString: strerror(code)))
    }
}
