import Glibc
import HTTP

/// Finds the token in `Authorization: Bearer …` (RFC 6750, section 2.1).
enum BearerToken {
    private static let scheme: StaticString = "Bearer "

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
        guard value.count > scheme.utf8CodeUnitCount, hasScheme(value) else {
            throw .unauthenticated("Send a token: Authorization: Bearer …")
        }
        return value.dropFirst(scheme.utf8CodeUnitCount).drop { $0 == UInt8(ascii: " ") }
    }

    /// Names of schemes come in any case (RFC 9110, section 11.1).
    private static func hasScheme(_ value: ArraySlice<UInt8>) -> Bool {
        value.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return strncasecmp(
                start.assumingMemoryBound(to: CChar.self),
                UnsafeRawPointer(scheme.utf8Start).assumingMemoryBound(to: CChar.self), scheme.utf8CodeUnitCount) == 0
        }
    }
}
