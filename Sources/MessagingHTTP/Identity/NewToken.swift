import Messaging

/// A new token for a user, which ``JWTIdentity`` accepts by the same rules.
public struct NewToken: Sendable {
    private enum Value: Equatable {
        case text(String)
        /// Seconds since 1970.
        case moment(Int64)
    }

    private var claims: [(name: String, value: Value)] = []

    /// Why there can be no such token, for people.
    public struct ClaimError: Error, CustomStringConvertible {
        /// What is wrong with the claims.
        public let description: String
    }

    /// Writes the claims that the rules ask for; the name goes into the first claim that they look for it in.
    ///
    /// - Parameters:
    ///   - person: the user, and how they are called.
    ///   - issuedAt: now.
    ///   - seconds: how long the token is good.
    /// - Throws: ``ClaimError`` where one claim would need two values.
    public init(
        for person: Person, tenant: TenantID, rules: TokenRules, issuedAt: Timestamp, lasting seconds: Int64
    ) throws(ClaimError) {
        let now = issuedAt.milliseconds / 1000
        try set(rules.userClaim, .text(person.id.text))
        if tenant != .none { try set(rules.tenantClaim, .text(tenant.text)) }
        if let name = person.name, let claim = rules.nameClaims.first { try set(claim, .text(name)) }
        if let company = person.company { try set(rules.companyClaim, .text(company)) }
        if let issuer = rules.issuer { try set("iss", .text(issuer)) }
        if let audience = rules.audience { try set("aud", .text(audience)) }
        try set("iat", .moment(now))
        try set("exp", .moment(now + seconds))
    }

    private mutating func set(_ name: String, _ value: Value) throws(ClaimError) {
        guard let known = claims.first(where: { $0.name.hasSameBytes(as: name) }) else {
            return claims.append((name, value))
        }
        guard known.value == value else {
            throw ClaimError(description: "the claim \(name) would have two values")
        }
    }

    /// The token, signed with a shared secret.
    ///
    /// - Throws: ``TokenKeys/KeyError`` where the keys are public.
    public func signed(by keys: TokenKeys) throws -> String {
        var json = JSONWriter()
        for (place, claim) in claims.enumerated() {
            json.raw(place == 0 ? "{" : ",")
            json.string(claim.name)
            json.raw(":")
            switch claim.value {
            case .text(let text): json.string(text)
            case .moment(let seconds): json.number(seconds)
            }
        }
        json.raw("}")
        return String(decoding: try keys.sign(json.bytes), as: UTF8.self)
    }
}
