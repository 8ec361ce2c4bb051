/// Finds the token in `Authorization: Bearer …` (RFC 6750, section 2.1).
enum BearerToken {
    private static let scheme = Array("bearer ".utf8)

    /// The token as it came, unverified.
    ///
    /// - Throws: `unauthenticated` where there is none, `malformed-request` where there are several.
    static func of(_ request: Request) throws(Problem) -> ArraySlice<UInt8> {
        guard let value = request.fields[.authorization] else {
            throw .unauthenticated("Send a token: Authorization: Bearer …")
        }
        guard request.fields.count(of: .authorization) == 1 else {
            let challenge = "Bearer realm=\"postbox\", error=\"invalid_request\""
            throw Problem(
                .malformedRequest, "Authorization is given twice.",
                fields: [Response.Field("WWW-Authenticate", challenge)])
        }
        let hasScheme = zip(value, scheme).allSatisfy { $0 == $1 || ((0x41...0x5A).contains($0) && $0 | 0x20 == $1) }
        guard value.count > scheme.count, hasScheme else {
            throw .unauthenticated("Send a token: Authorization: Bearer …")
        }
        return value.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") }
    }
}
