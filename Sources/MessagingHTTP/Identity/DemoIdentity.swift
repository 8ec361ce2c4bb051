import HTTP
import Messaging

/// Trusts the user id in a request: `X-User-ID`, or `?userId=` where there is no such field.
///
/// For trying things out on one machine; a server with this identity listens on loopback only.
public struct DemoIdentity: Identity {
    /// The field that names the caller.
    public var vary: String { "X-User-ID" }

    /// Every request is trusted.
    public var exposure: CrossSiteExposure { .everything }

    /// The one demo identity.
    public init() {}

    /// The user named in the request, in the one unnamed tenant.
    public func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
        let field = try request.fields.onlyText(.userID)
        if field == nil, query == nil { return nil }
        let named = field ?? query?.userID
        guard let named, let user = UserID(named) else {
            throw .unauthenticated("Say who you are: send X-User-ID, or add ?userId= to the URL.")
        }
        return Caller(user: user)
    }

    /// Never called: every caller is known from memory.
    public func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller {
        guard let caller = try rememberedCaller(of: request, query) else {
            preconditionFailure("demo identity knows everybody")
        }
        return IdentifiedCaller(caller)
    }
}
