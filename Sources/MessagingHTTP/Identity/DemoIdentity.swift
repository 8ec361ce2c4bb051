import HTTP
import Messaging

/// Trusts the user id in a request: `X-User-ID`, or `?userId=` where there is no such field.
///
/// For trying things out on one machine; a server with this identity listens on loopback only.
package struct DemoIdentity: Identity {
    /// The field that names the caller.
    package var vary: String { "X-User-ID" }

    /// Every request is trusted.
    package var exposure: CrossSiteExposure { .everything }

    /// The one demo identity.
    package init() {}

    /// The user named in the request, in the one unnamed tenant.
    package func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? {
        let field = try request.fields.onlyText(.userID)
        if field == nil, query == nil { return nil }
        let named = field ?? query?.userID
        guard let named, let user = UserID(named) else {
            throw .unauthenticated("Say who you are: send X-User-ID, or add ?userId= to the URL.")
        }
        return Caller(user: user)
    }

    /// Never called: every caller is known from memory.
    package func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller {
        guard let caller = try rememberedCaller(of: request, query) else {
            preconditionFailure("demo identity knows everybody")
        }
        return IdentifiedCaller(caller)
    }
}
