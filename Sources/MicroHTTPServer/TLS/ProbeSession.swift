import CMicroHTTPD
import Glibc

/// Our end of a TLS connection as its client, which takes any certificate.
final class ProbeSession {
    private let session: gnutls_session_t
    private let credentials: gnutls_certificate_credentials_t

    /// Prepares a session over a connected socket, which the caller closes later than this.
    init(on descriptor: Int32) throws(ServerError) {
        var session: gnutls_session_t?
        guard gnutls_init(&session, UInt32(GNUTLS_CLIENT | GNUTLS_NO_SIGNAL)) == 0, let session else {
            throw .system(operation: "gnutls_init", reason: "out of memory")
        }
        var credentials: gnutls_certificate_credentials_t?
        guard gnutls_certificate_allocate_credentials(&credentials) == 0, let credentials else {
            gnutls_deinit(session)
            throw .system(operation: "gnutls_certificate_allocate_credentials", reason: "out of memory")
        }
        self.session = session
        self.credentials = credentials
        gnutls_set_default_priority(session)
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials))
        gnutls_transport_set_int2(session, descriptor, descriptor)
    }

    deinit {
        gnutls_deinit(session)
        gnutls_certificate_free_credentials(credentials)
    }

    /// Does the handshake.
    ///
    /// - Parameter waitOn: called before the handshake goes on after a message that does not end it; ends it by throwing.
    func shakeHands(waitOn: () throws(ServerError) -> Void) throws(ServerError) {
        while true {
            let code = gnutls_handshake(session)
            if code == 0 { return }
            guard code != GNUTLS_E_AGAIN, gnutls_error_is_fatal(code) == 0 else {
                let text = gnutls_strerror(code).map { String(cString: $0) } ?? "error \(code)"
                throw .system(operation: "the TLS handshake", reason: text)
            }
            try waitOn()
        }
    }

    /// Sends bytes; false where not all could be sent.
    func send(_ bytes: [UInt8]) -> Bool { gnutls_record_send(session, bytes, bytes.count) == bytes.count }

    /// Receives bytes: their number, 0 at the end, and less than 0 for an error.
    func receive(_ buffer: UnsafeMutableRawPointer, _ size: Int) -> Int { gnutls_record_recv(session, buffer, size) }
}
