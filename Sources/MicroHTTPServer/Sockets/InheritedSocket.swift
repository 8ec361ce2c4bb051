import Glibc

/// A listening socket that the parent process passed on and shares: connections that are not accepted yet wait in it from one
/// process to the next.
public struct InheritedSocket: Sendable, Equatable {
    /// The address it is bound to, without the port.
    public let host: String
    /// The port it is bound to.
    public let port: UInt16
    let descriptor: Int32

    /// Looks at a descriptor, and keeps it from being inherited any further.
    ///
    /// - Throws: ``ServerError/unusableSocket(_:)`` unless it is a TCP socket that listens.
    public init(descriptor: Int32) throws(ServerError) {
        let address = SocketAddress(boundTo: descriptor)
        guard Self.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
            Self.option(SO_ACCEPTCONN, of: descriptor) == 1, [AF_INET, AF_INET6].contains(address.family)
        else { throw .unusableSocket(descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // Several loops are told of the same connection, and all but one find it gone.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        self.descriptor = descriptor
        host = address.withPointer { address, _ in SocketAddress.text(of: address) }
        port = address.port
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}
