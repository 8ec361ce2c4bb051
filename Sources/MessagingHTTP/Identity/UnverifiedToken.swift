import FoundationEssentials

/// A signed token taken apart (RFC 7515, section 3.1; RFC 7519); nobody has looked at its signature.
struct UnverifiedToken {
    /// The signature algorithm that the header names.
    let algorithm: String
    /// The key that the header names.
    let keyID: String?
    let claims: TokenClaims
    /// What the signature is of: header and payload as they came.
    let signed: ArraySlice<UInt8>
    let signature: [UInt8]

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let crit: [String]?
    }

    /// Nil for whatever is no such token, in the one form that it has.
    ///
    /// Extensions that must be understood (`crit`) are not, so such a token is refused (RFC 7515, section 4.1.11).
    init?(_ token: [UInt8]) {
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2]),
            let header = Self.object(Header.self, in: parts[0]), header.crit == nil,
            let claims = Self.object(TokenClaims.self, in: parts[1])
        else { return nil }
        algorithm = header.alg
        keyID = header.kid
        self.claims = claims
        signed = token[..<(parts[2].startIndex - 1)]
        self.signature = signature
    }

    private static func object<Value: Decodable>(_ type: Value.Type, in part: ArraySlice<UInt8>) -> Value? {
        guard let json = Base64URL.decode(part), JSONPrevalidator(json) == .fit else { return nil }
        return try? JSONDecoder().decode(type, from: Data(json))
    }
}
