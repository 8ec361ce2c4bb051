import CMicroHTTPD
import Dispatch
import Glibc
import MicroHTTPServer

/// A certificate for tests, which signed itself.
struct SelfSigned {
    let chain: [UInt8]
    let key: [UInt8]

    init() throws {
        var (certificate, key): (gnutls_x509_crt_t?, gnutls_x509_privkey_t?)
        try check(gnutls_x509_privkey_init(&key))
        defer { gnutls_x509_privkey_deinit(key) }
        // GNUTLS_CURVE_TO_BITS of the curve P-256, which is a macro.
        try check(
            gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, 1 << 31 | UInt32(GNUTLS_ECC_CURVE_SECP256R1.rawValue), 0)
        )
        try check(gnutls_x509_crt_init(&certificate))
        defer { gnutls_x509_crt_deinit(certificate) }
        var serial: UInt8 = 1
        try check(gnutls_x509_crt_set_version(certificate, 3))
        try check(gnutls_x509_crt_set_serial(certificate, &serial, 1))
        try check(gnutls_x509_crt_set_activation_time(certificate, time(nil) - 3600))
        try check(gnutls_x509_crt_set_expiration_time(certificate, time(nil) + 86_400))
        try check(gnutls_x509_crt_set_dn(certificate, "CN=test", nil))
        try check(gnutls_x509_crt_set_key(certificate, key))
        try check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0))
        chain = try Self.pem { gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_PEM, $0, $1) }
        self.key = try Self.pem { gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, $0, $1) }
    }

    private static func pem(
        _ export: (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        var size = bytes.count
        try check(export(&bytes, &size))
        return Array(bytes[..<size])
    }
}

/// A TLS connection to a server on this machine; what it waits for is waited for off the threads that tasks run on.
final class TLSClient: Sendable {
    private let socket: Int32
    /// The pointers as numbers, which may cross threads; one call at a time uses them.
    private let session: Int
    private let credentials: Int

    init(port: UInt16) async throws {
        socket = try Client.connected(to: port)
        var (session, credentials): (gnutls_session_t?, gnutls_certificate_credentials_t?)
        try check(gnutls_init(&session, GNUTLS_CLIENT.rawValue))
        try check(gnutls_certificate_allocate_credentials(&credentials))
        try check(gnutls_set_default_priority(session))
        // Nothing verifies the server's certificate.
        try check(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials)))
        gnutls_transport_set_int2(session, socket, socket)
        self.session = Int(bitPattern: session)
        self.credentials = Int(bitPattern: credentials)
        try check(
            await waiting { session in
                var code: Int32
                repeat { code = gnutls_handshake(session) } while code < 0 && gnutls_error_is_fatal(code) == 0
                return code
            })
    }

    deinit {
        gnutls_deinit(OpaquePointer(bitPattern: session))
        gnutls_certificate_free_credentials(OpaquePointer(bitPattern: credentials))
        close(socket)
    }

    /// Sends this text.
    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        try check(Int32(gnutls_record_send(OpaquePointer(bitPattern: session), bytes, bytes.count)))
    }

    /// What the server sends next, in one piece; nil at the end.
    func receive() async -> String? {
        await waiting { session in
            var bytes = [UInt8](repeating: 0, count: 16_384)
            var count: Int
            repeat { count = gnutls_record_recv(session, &bytes, bytes.count) } while count == Int(GNUTLS_E_AGAIN)
            return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
        }
    }

    /// Says that nothing more is sent, as TLS and TCP say it.
    func endSending() {
        gnutls_bye(OpaquePointer(bitPattern: session), GNUTLS_SHUT_WR)
        shutdown(socket, Int32(SHUT_WR))
    }

    /// Has the connection reset when it is closed.
    func resetWhenClosed() { Client.resetWhenClosed(socket) }

    private func waiting<Result: Sendable>(_ body: @escaping @Sendable (OpaquePointer?) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [session] in
                continuation.resume(returning: body(OpaquePointer(bitPattern: session)))
            }
        }
    }
}

private func check(_ code: Int32) throws {
    guard code < 0 else { return }
    throw Client.Failure(text: gnutls_strerror(code).map { String(cString: $0) } ?? "error \(code)")
}
