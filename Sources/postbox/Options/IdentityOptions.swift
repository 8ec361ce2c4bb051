import ArgumentParser
import Messaging
import MessagingHTTP

/// The options for authentication.
struct IdentityOptions: ParsableArguments {
    @Option(
        help: """
            How requests say who is asking. jwt: a bearer token. gateway: X-User-ID and X-Tenant-ID from a trusted proxy. demo: \
            X-User-ID, believed from anybody, on loopback only. There is no default, except that a key file alone means jwt.
            """)
    var identity: IdentityKind?

    @OptionGroup var tokens: TokenOptions

    @Option(help: "The addresses of gateways and proxies, in CIDR notation; may be repeated. The default is loopback.")
    var trustedProxy: [String] = []

    /// The kind that was chosen, by name or with a key file; nil where none was, and then the server does not start.
    var kind: IdentityKind? { identity ?? (keyFile == nil ? nil : .jwt) }

    /// Refuses options that do not go together, and a server for which no identity was chosen.
    ///
    /// - Parameters:
    ///   - host: where the server listens.
    ///   - isManaged: whether a service manager passes the socket.
    /// - Throws: `ValidationError`.
    func check(host: String, isManaged: Bool) throws {
        guard AddressRanges(trustedProxy) != nil else {
            throw ValidationError("--trusted-proxy must be an address or a range such as 10.0.0.0/8")
        }
        switch kind {
        case nil:
            throw ValidationError(
                """
                choose how requests say who is asking: --identity jwt with --jwt-secret-file or --jwks-file; --identity gateway \
                behind a proxy that sets X-User-ID; or --identity demo, which believes everybody and serves loopback only
                """)
        case .demo:
            try checkDemo(host: host, isManaged: isManaged)
        case .gateway:
            break
        case .jwt:
            guard (tokens.jwtSecretFile == nil) != (tokens.jwksFile == nil) else {
                throw ValidationError("--identity jwt needs either --jwt-secret-file or --jwks-file")
            }
        }
    }

    /// Refuses demo where other machines could reach it, and beside options of jwt, which it would ignore.
    private func checkDemo(host: String, isManaged: Bool) throws {
        guard keyFile == nil else {
            throw ValidationError("--identity demo believes everybody and has no use for a key file; that is for jwt")
        }
        guard !isManaged else {
            throw ValidationError(
                "--identity demo believes everybody, so it takes no socket from a service manager (LISTEN_FDS)")
        }
        guard Loopback.contains(host) else {
            throw ValidationError("--identity demo believes everybody, so it serves loopback only, not \(host)")
        }
    }

    /// The addresses in force.
    var trustedProxies: AddressRanges {
        trustedProxy.isEmpty ? .loopback : AddressRanges(trustedProxy) ?? .loopback
    }

    /// The key file in force; nil for identities without keys.
    var keyFile: KeyFile? { tokens.keyFile }
}

/// The ways a request can say who is asking.
enum IdentityKind: String, ExpressibleByArgument, CaseIterable {
    case demo
    case gateway
    case jwt
}

/// Recognises loopback addresses.
enum Loopback {
    /// Whether only programs on this machine can reach this address.
    static func contains(_ host: String) -> Bool {
        host == "localhost" || AddressRanges.loopback.contains(host)
    }
}
