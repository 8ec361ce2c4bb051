import ArgumentParser
import Messaging
import MessagingHTTP

/// The options that say who is believed.
struct IdentityOptions: ParsableArguments {
    @Option(
        help: """
            How requests say who is asking. demo: X-User-ID, believed from anybody, on loopback only. gateway: X-User-ID and \
            X-Tenant-ID from a trusted proxy. jwt: a bearer token. The default is jwt with a key file and off loopback, and demo otherwise.
            """)
    var identity: IdentityKind?

    @Option(help: "jwt: the file with the shared secret, for HS256, HS384 and HS512.")
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

    /// The kind in force for a server on this host.
    ///
    /// Whoever names a key file means it: on loopback, too, it is not left lying while everybody is believed.
    func kind(on host: String) -> IdentityKind {
        identity ?? (keyFile == nil && Loopback.contains(host) ? .demo : .jwt)
    }

    func check(host: String) throws {
        guard AddressRanges(trustedProxy) != nil else {
            throw ValidationError("--trusted-proxy must be an address or a range such as 10.0.0.0/8")
        }
        switch kind(on: host) {
        case .demo:
            guard Loopback.contains(host) else {
                throw ValidationError("--identity demo believes everybody, so it serves loopback only, not \(host)")
            }
        case .gateway:
            break
        case .jwt:
            guard (jwtSecretFile == nil) != (jwksFile == nil) else {
                throw ValidationError("--identity jwt needs either --jwt-secret-file or --jwks-file")
            }
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
