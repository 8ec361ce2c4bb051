/// Why a certificate and its key cannot be used.
package enum TLSCertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no certificate in PEM; the reason is the library's own text.
    case invalidCertificate(String)
    /// There is no private key in PEM; the reason is the library's own text.
    case invalidKey(String)
    /// The key can only be read with a passphrase.
    case encryptedKey
    /// The key belongs to another certificate.
    case mismatch
    /// The library said no to both together; the reason is its own text.
    case unusable(String)

    /// What is wrong, as the rest of a line that begins with the files' names.
    package var description: String {
        switch self {
        case .invalidCertificate(let reason): "no certificate in PEM format (\(reason))"
        case .invalidKey(let reason): "no private key in PEM format (\(reason))"
        case .encryptedKey: "the private key has a passphrase: give one without"
        case .mismatch: "the private key belongs to another certificate, or the server's certificate is not the first"
        case .unusable(let reason): "the certificate and its key cannot be used (\(reason))"
        }
    }
}
