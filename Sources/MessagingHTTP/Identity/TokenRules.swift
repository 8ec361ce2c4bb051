import Messaging

/// Which claims a token must have to be accepted, and which are read.
public struct TokenRules: Sendable {
    /// The claim that names the user.
    public var userClaim = "sub"
    /// The claim that names the tenant; without it, the tenant is the unnamed one.
    public var tenantClaim = "tenantId"
    /// The claims with the name others see: the first that is text in which there is something to see.
    public var nameClaims = ["name"]
    /// The claim with the company others see.
    public var companyClaim = "company"
    /// The only issuer that is accepted; nil accepts every issuer with the key.
    public var issuer: String?
    /// The audience that must be among the token's; nil does not look.
    public var audience: String?
    /// How far clocks may differ, in milliseconds.
    public var leeway: Int64 = 30_000

    /// The usual claim names, any issuer, any audience.
    public init() {}

    /// The user that a token names.
    struct Bearer: Sendable {
        let caller: Caller
        let person: Person
        /// When the token expires.
        let expires: Timestamp
    }

    /// Reads the claims of a token, whether its signature is good or not (RFC 7519, section 4.1).
    ///
    /// - Throws: `unauthenticated`, with a sentence that names the claim but not its value.
    func bearer(of claims: TokenClaims, at now: Timestamp) throws(Problem) -> Bearer {
        let milliseconds = 1000.0
        guard let exp = claims.seconds("exp") else { throw Self.invalid("The token has no exp claim.") }
        let expires = Timestamp(milliseconds: Self.clamped(exp * milliseconds) + leeway)
        guard now.milliseconds < expires.milliseconds else { throw Self.invalid("The token has expired.", .stale) }
        if claims.values["nbf"] != nil {
            guard let nbf = claims.seconds("nbf") else { throw Self.invalid("The nbf claim is not a number.") }
            guard now.milliseconds + leeway >= Self.clamped(nbf * milliseconds) else {
                throw Self.invalid("The token is not valid yet.", .stale)
            }
        }
        if let issuer, claims.text("iss") != issuer { throw Self.invalid("The token is from another issuer.") }
        if let audience, !claims.texts("aud").contains(audience) {
            throw Self.invalid("The token is for another audience.")
        }
        return Bearer(caller: try caller(of: claims), person: try person(of: claims), expires: expires)
    }

    private func caller(of claims: TokenClaims) throws(Problem) -> Caller {
        Caller(tenant: try tenant(of: claims), user: try user(of: claims))
    }

    private func person(of claims: TokenClaims) throws(Problem) -> Person {
        Person(id: try user(of: claims), name: name(of: claims), company: claims.text(companyClaim))
    }

    /// An empty name, which takes a known one away, only where no other claim has one; nil where no claim is text.
    private func name(of claims: TokenClaims) -> String? {
        let names = nameClaims.compactMap(claims.string)
        return names.first { !$0.isBlank } ?? (names.isEmpty ? nil : "")
    }

    private func user(of claims: TokenClaims) throws(Problem) -> UserID {
        guard let user = claims.text(userClaim).flatMap(UserID.init) else {
            throw Self.invalid("The token names no user.")
        }
        return user
    }

    /// A tenant claim that is there but cannot be read must not fall back to the unnamed tenant.
    private func tenant(of claims: TokenClaims) throws(Problem) -> TenantID {
        guard let claim = claims.values[tenantClaim], claim != .null, claim != .text("") else { return .none }
        guard let tenant = claims.text(tenantClaim).flatMap(TenantID.init) else {
            throw Self.invalid("The tenant claim is not a valid id.")
        }
        return tenant
    }

    private static func invalid(_ detail: String, _ fault: CredentialFault = .unusable) -> Problem {
        .unauthenticated(detail, error: "invalid_token", fault)
    }

    /// Milliseconds that fit, with room for the leeway.
    private static func clamped(_ milliseconds: Double) -> Int64 {
        Int64(min(max(milliseconds, -1e15), 1e15))
    }
}
