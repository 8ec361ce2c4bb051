import CMicroHTTPD
import Glibc
import Synchronization

/// A certificate, the chain above it and its private key, ready for handshakes.
public final class TLSCertificate: Sendable {
    /// When it expires, in seconds since 1970.
    public let expiry: Int
    /// The pointer as a number, which may cross threads: nothing changes what it points to after it was made.
    private let bits: Int

    /// Reads both from PEM: the server's certificate first, then those above it, and the key without a passphrase.
    ///
    /// - Throws: a ``TLSCertificateError`` that says which of the two cannot be used.
    public init(chain: [UInt8], key: [UInt8]) throws(TLSCertificateError) {
        expiry = try Self.expiry(ofChain: chain)
        try Self.check(key: key)
        var credentials: gnutls_certificate_credentials_t?
        guard gnutls_certificate_allocate_credentials(&credentials) == 0, let credentials else {
            throw .unusable("out of memory")
        }
        bits = Int(bitPattern: credentials)
        // From here on the credentials are freed by deinit, also where this throws.
        let code = Self.withDatum(chain) { chain in
            Self.withDatum(key) { gnutls_certificate_set_x509_key_mem(credentials, chain, $0, GNUTLS_X509_FMT_PEM) }
        }
        switch code {
        case 0...: break
        case GNUTLS_E_CERTIFICATE_KEY_MISMATCH: throw .mismatch
        default: throw .unusable(Self.text(of: code))
        }
    }

    deinit { gnutls_certificate_free_credentials(OpaquePointer(bitPattern: bits)) }

    /// Makes it the one that a session shows; it has to be kept for as long as the session lives.
    func use(in session: OpaquePointer) {
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(bitPattern: bits))
    }

    private static func expiry(ofChain chain: [UInt8]) throws(TLSCertificateError) -> Int {
        var first: gnutls_x509_crt_t?
        guard gnutls_x509_crt_init(&first) == 0 else { throw .unusable("out of memory") }
        defer { gnutls_x509_crt_deinit(first) }
        let code = withDatum(chain) { gnutls_x509_crt_import(first, $0, GNUTLS_X509_FMT_PEM) }
        guard code >= 0 else { throw .invalidCertificate(text(of: code)) }
        return Int(gnutls_x509_crt_get_expiration_time(first))
    }

    private static func check(key: [UInt8]) throws(TLSCertificateError) {
        var read: gnutls_x509_privkey_t?
        guard gnutls_x509_privkey_init(&read) == 0 else { throw .unusable("out of memory") }
        defer { gnutls_x509_privkey_deinit(read) }
        let code = withDatum(key) { gnutls_x509_privkey_import2(read, $0, GNUTLS_X509_FMT_PEM, nil, 0) }
        switch code {
        case 0...: break
        case GNUTLS_E_DECRYPTION_FAILED: throw .encryptedKey
        default: throw .invalidKey(text(of: code))
        }
    }

    private static func withDatum(_ bytes: [UInt8], _ body: (UnsafePointer<gnutls_datum_t>) -> Int32) -> Int32 {
        bytes.withUnsafeBufferPointer { buffer in
            // The library takes a mutable pointer for what it only reads.
            var datum = gnutls_datum_t(
                data: UnsafeMutablePointer(mutating: buffer.baseAddress), size: UInt32(buffer.count))
            return body(&datum)
        }
    }

    private static func text(of code: Int32) -> String {
        gnutls_strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}

/// The reasons why a certificate and its key cannot be used.
public enum TLSCertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no certificate in PEM; the reason is the library's own text.
    case invalidCertificate(String)
    /// There is no private key in PEM; the reason is the library's own text.
    case invalidKey(String)
    /// The key can only be read with a passphrase.
    case encryptedKey
    /// The key belongs to another certificate.
    case mismatch
    /// The library refused both together; the reason is its own text.
    case unusable(String)

    /// What is wrong, as the rest of a line that begins with the files' names.
    public var description: String {
        switch self {
        case .invalidCertificate(let reason): "no certificate in PEM format (\(reason))"
        case .invalidKey(let reason): "no private key in PEM format (\(reason))"
        case .encryptedKey: "the private key has a passphrase: give one without"
        case .mismatch: "the private key belongs to another certificate, or the server's certificate is not the first"
        case .unusable(let reason): "the certificate and its key cannot be used (\(reason))"
        }
    }
}

/// The certificate of new connections; any thread may read or replace it.
final class CurrentCertificate: Sendable {
    private let state: Mutex<TLSCertificate>

    init(_ certificate: TLSCertificate) {
        state = Mutex(certificate)
    }

    var value: TLSCertificate {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
