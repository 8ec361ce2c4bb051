import ArgumentParser

/// The options that make a server speak HTTPS.
struct TLSOptions: ParsableArguments {
    @Option(
        name: .customLong("tls-cert"),
        help: """
            The file with the certificate to serve HTTPS with, in PEM format: the server's own first, then those above it. Read \
            again on SIGHUP, with the key; connections that are open go on as they are.
            """)
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: "The file with its private key, in PEM format, without a passphrase and not readable by everybody.")
    var key: String?

    func validate() throws {
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("--tls-cert and --tls-key belong together: give both")
        }
    }

    /// The two files; nil for HTTP.
    var files: TLSFiles? {
        guard let certificate, let key else { return nil }
        return TLSFiles(certificate: certificate, key: key)
    }
}
