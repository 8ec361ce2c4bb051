import CMicroHTTPD
import Glibc

/// The TLS session between a connection and its socket; the HTTP library makes and ends it.
final class TLSLayer {
    /// How many bytes went through the sockets of a loop.
    final class Traffic {
        var bytes = 0
    }

    let descriptor: Int32
    fileprivate let traffic: Traffic
    private let session: OpaquePointer
    /// Kept as long as the session may use it; a replacement affects new connections only.
    private let certificate: TLSCertificate

    /// Takes over the traffic of a session whose handshake has not begun.
    init(_ session: OpaquePointer, on descriptor: Int32, certificate: TLSCertificate, traffic: Traffic) {
        self.session = session
        self.descriptor = descriptor
        self.certificate = certificate
        self.traffic = traffic
        certificate.use(in: session)
        // Unretained: the connection keeps this until the library has ended the session.
        gnutls_transport_set_ptr(session, Unmanaged.passUnretained(self).toOpaque())
        gnutls_transport_set_pull_function(session, pull)
        gnutls_transport_set_push_function(session, push)
    }

    /// The layer of a session, which has one.
    static func of(_ session: OpaquePointer) -> TLSLayer? { known(gnutls_transport_get_ptr(session)) }

    /// Sends a few bytes at once or not at all, and that nothing follows.
    func sendLast(_ bytes: UnsafeRawBufferPointer) {
        _ = gnutls_record_send(session, bytes.baseAddress, bytes.count)
        _ = gnutls_bye(session, GNUTLS_SHUT_WR)
    }

    /// Whether something is deciphered and not yet read.
    var hasUnread: Bool { gnutls_record_check_pending(session) > 0 }
}

// The library reads `errno` after these two, so nothing may come between the system call and the return that could set it.

private func pull(_ layer: gnutls_transport_ptr_t?, _ buffer: UnsafeMutableRawPointer?, _ size: Int) -> Int {
    guard let layer = known(layer) else { return -1 }
    let count = recv(layer.descriptor, buffer, size, Int32(MSG_DONTWAIT))
    if count > 0 { layer.traffic.bytes &+= count }
    return count
}

private func push(_ layer: gnutls_transport_ptr_t?, _ bytes: UnsafeRawPointer?, _ size: Int) -> Int {
    guard let layer = known(layer) else { return -1 }
    let count = send(layer.descriptor, bytes, size, Int32(MSG_NOSIGNAL))
    if count > 0 { layer.traffic.bytes &+= count }
    return count
}

private func known(_ layer: gnutls_transport_ptr_t?) -> TLSLayer? {
    layer.map { Unmanaged<TLSLayer>.fromOpaque($0).takeUnretainedValue() }
}
