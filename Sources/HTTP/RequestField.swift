/// The request header fields that Postbox reads.
public enum RequestField: UInt8, CaseIterable, Sendable {
    case authorization, contentType, ifNoneMatch, idempotencyKey, origin, requestID
    case userID, tenantID, userName, userCompany
    case accessControlRequestMethod, accessControlRequestHeaders
    case host, secFetchSite, forwardedHost, forwardedProto, forwardedFor
    case contentEncoding

    /// The field name in lower case.
    public var name: StaticString {
        switch self {
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .ifNoneMatch: "if-none-match"
        case .idempotencyKey: "idempotency-key"
        case .origin: "origin"
        case .requestID: "x-request-id"
        case .userID: "x-user-id"
        case .tenantID: "x-tenant-id"
        case .userName: "x-user-name"
        case .userCompany: "x-user-company"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .host: "host"
        case .secFetchSite: "sec-fetch-site"
        case .forwardedHost: "x-forwarded-host"
        case .forwardedProto: "x-forwarded-proto"
        case .forwardedFor: "x-forwarded-for"
        case .contentEncoding: "content-encoding"
        }
    }
}
