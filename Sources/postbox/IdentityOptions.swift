import ArgumentParser
import Messaging
import MessagingHTTP

/// The options that say who is believed.
struct IdentityOptions: ParsableArguments {
    @Option(
        help: """
            How requests say who is asking. jwt: a bearer token. gateway: X-User-ID and X-Tenant-ID from a trusted proxy. demo: \
            X-User-ID, believed from anybody, on loopback only. There is no default, except that a key file alone means jwt.
            """)
    var identity: IdentityKind?

    @Option(
        help: """
            jwt: the file with the shared secret, for HS256, HS384 and HS512; read again when it changes and on SIGHUP. Others on the \
            machine should not be able to read it.
            """)
    var jwtSecretFile: String?

    @Option(help: "jwt: the file with the public keys, a JWK Set; read again when it changes and on SIGHUP.")
    var jwksFile: String?

    @Option(help: "jwt: the only issuer to believe.")
    var jwtIssuer: String?

    @Option(help: "jwt: the audience a token must be for.")
    var jwtAudience: String?

    @Option(help: "jwt: the claim that names the user.")
    var jwtUserClaim = "sub"

    @Option(help: "jwt: the claim that names the tenant.")
    var jwtTenantClaim = "tenantId"

    @Option(help: "jwt: the claim with the name others see.")
    var jwtNameClaim = "name"

    @Option(help: "jwt: the claim with the company others see.")
    var jwtCompanyClaim = "company"

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
            guard (jwtSecretFile == nil) != (jwksFile == nil) else {
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
    var keyFile: KeyFile? {
        if let jwtSecretFile { return KeyFile(path: jwtSecretFile, kind: .secret) }
        return jwksFile.map { KeyFile(path: $0, kind: .jwks) }
    }

    /// What tokens must say.
    var rules: TokenRules {
        var rules = TokenRules()
        rules.userClaim = jwtUserClaim
        rules.tenantClaim = jwtTenantClaim
        rules.nameClaim = jwtNameClaim
        rules.companyClaim = jwtCompanyClaim
        rules.issuer = jwtIssuer
        rules.audience = jwtAudience
        return rules
    }
}
