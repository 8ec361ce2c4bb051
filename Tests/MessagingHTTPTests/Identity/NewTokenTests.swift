import Messaging
import Testing

@testable import MessagingHTTP

/// Tokens that are made here are believed here, by the same rules and with the same secret.
struct NewTokenTests {
    private let mint: TokenMint
    private let keys: TokenKeys
    private let now = Timestamp(milliseconds: TokenMint.now * 1000)

    init() async throws {
        mint = try await TokenMint()
        keys = try await TokenKeys(secret: mint.secret)
    }

    private func token(
        _ person: Person, _ tenant: TenantID = .none, _ rules: TokenRules = TokenRules(), lasting seconds: Int64 = 60
    ) throws -> [UInt8] {
        let new = try NewToken(for: person, tenant: tenant, rules: rules, issuedAt: now, lasting: seconds)
        return Array(try new.signed(by: keys).utf8)
    }

    @Test("A token names its bearer, their tenant, name and company")
    func believed() async throws {
        let bench = TokenBench(keys)
        let dana = Person(id: UserID(trusted: "dana \"D\" é"), name: "Dana \\ Reyes 🙂", company: "Acme")
        let caller = await bench.outcome(try token(dana, TenantID(trusted: "acme"))).caller
        #expect(caller?.user == dana.id && caller?.tenant.text == "acme")
        #expect(bench.updated == [dana])
        let unnamed = await bench.outcome(try token(Person(id: alice))).caller
        #expect(unnamed == Caller(user: alice) && bench.updated.count == 1)
    }

    @Test("A token is valid for the lifetime it was made with, and not with another secret")
    func lasting() async throws {
        let token = try token(Person(id: alice), lasting: 60)
        let bench = TokenBench(keys)
        #expect(await bench.outcome(token).caller != nil)
        bench.pass(milliseconds: 89_999)
        #expect(await bench.outcome(token).caller != nil)
        bench.pass(milliseconds: 1)
        #expect(await bench.outcome(token).isInvalidToken)
        let others = TokenBench(try await TokenKeys(secret: mint.secret.reversed()))
        #expect(await others.outcome(token).isInvalidToken)
    }

    @Test("With an issuer, an audience and other names of claims it is what such a server wants")
    func rules() async throws {
        var rules = TokenRules()
        (rules.issuer, rules.audience) = ("https://id.example", "postbox")
        (rules.userClaim, rules.tenantClaim, rules.companyClaim) = ("uid", "org", "employer")
        rules.nameClaims = ["email", "name"]
        let bench = TokenBench(keys) { $0 = rules }
        let dana = Person(id: UserID(trusted: "dana"), name: "dana@acme.example", company: "Acme")
        #expect(await bench.outcome(try token(dana, TenantID(trusted: "t"), rules)).caller?.tenant.text == "t")
        #expect(bench.updated == [dana])
        #expect(await bench.outcome(try token(dana)).isInvalidToken)
    }

    @Test("No token is made where one claim would need two values; two values that are equal are accepted")
    func conflict() throws {
        var rules = TokenRules()
        (rules.userClaim, rules.nameClaims) = ("email", ["email"])
        #expect(throws: NewToken.ClaimError.self) { try token(Person(id: alice, name: "Alice"), .none, rules) }
        #expect(throws: Never.self) { try token(Person(id: alice, name: "alice"), .none, rules) }
        rules.userClaim = "exp"
        #expect(throws: NewToken.ClaimError.self) { try token(Person(id: alice), .none, rules) }
    }

    @Test("Public keys cannot sign")
    func publicKeys() async throws {
        let jwks = try await TokenKeys(jwks: TokenMint.jwks(mint.rsaJWK("")))
        let new = try NewToken(for: Person(id: alice), tenant: .none, rules: TokenRules(), issuedAt: now, lasting: 1)
        #expect(throws: TokenKeys.KeyError.self) { try new.signed(by: jwks) }
    }
}
