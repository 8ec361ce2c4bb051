import ArgumentParser
import MessagingHTTP

/// The options for the claims and the signer of tokens, shared by the commands that check and make tokens.
struct TokenOptions: ParsableArguments {
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

    @Option(
        help: """
            jwt: the claim with the name others see, such as email or preferred_username; may be repeated: the first that is there and \
            is not blank counts.
            """)
    var jwtNameClaim = ["name"]

    @Option(help: "jwt: the claim with the company others see.")
    var jwtCompanyClaim = "company"

    /// The key file in force; nil where none is named.
    var keyFile: KeyFile? {
        if let jwtSecretFile { return KeyFile(path: jwtSecretFile, kind: .secret) }
        return jwksFile.map { KeyFile(path: $0, kind: .jwks) }
    }

    /// The rules for the claims of tokens.
    var rules: TokenRules {
        var rules = TokenRules()
        rules.userClaim = jwtUserClaim
        rules.tenantClaim = jwtTenantClaim
        rules.nameClaims = jwtNameClaim
        rules.companyClaim = jwtCompanyClaim
        rules.issuer = jwtIssuer
        rules.audience = jwtAudience
        return rules
    }
}
