import ArgumentParser
import Messaging
import MessagingHTTP

/// `postbox token`
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a bearer token for a user, signed with a server's secret. A server may be running.",
        discussion: """
            A server with --identity jwt and the same secret file believes it, where it has the same --jwt-... options too. For trying \
            things out, for tests and for services of your own:

              TOKEN=$(postbox token --jwt-secret-file secret --user dana --name 'Dana Reyes')
              curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/api/messages/conversations

            It is signed with HS256. A JWK Set holds public keys, which cannot sign.
            """)

    @Option(help: "The user id.")
    var user: String

    @Option(help: "The name others see; it goes into the first claim that --jwt-name-claim names.")
    var name: String?

    @Option(help: "The company others see.")
    var company: String?

    @OptionGroup var tenant: TenantOption

    @Option(
        help: "How long it is good: a number and s, m, h or d, such as 90s, 15m, 1h or 30d.",
        transform: Lifetime.argument)
    var expires = Lifetime.hour

    @OptionGroup(title: "Identity") var tokens: TokenOptions

    func run() throws {
        let person = Person(id: try UserID.argument(user, "--user"), name: name, company: company)
        let tenant = try tenant.id()
        let keys = try keys()
        do {
            let token = try NewToken(
                for: person, tenant: tenant, rules: tokens.rules, issuedAt: SystemClock.now(), lasting: expires.seconds)
            print(try token.signed(by: keys))
        } catch let error as NewToken.ClaimError {
            throw Failure.badUsage(error.description)
        }
    }

    /// The secret as a key.
    private func keys() throws -> TokenKeys {
        guard tokens.jwtSecretFile != nil, let file = tokens.keyFile else {
            guard tokens.jwksFile == nil else {
                throw Failure.badUsage(
                    "a JWK Set holds public keys, which cannot sign: the issuer of your tokens makes them, or name a secret with --jwt-secret-file"
                )
            }
            throw Failure.badUsage("name the file with the secret that signs the token: --jwt-secret-file")
        }
        let loaded: KeyFile.Contents
        do {
            loaded = try Blocking.run { try await file.load() }
        } catch let failure as Failure {
            throw Failure(message: failure.message, exitCode: file.isReadable ? 65 : 66)
        }
        loaded.warnings.forEach(Report.line)
        return loaded.keys
    }
}
