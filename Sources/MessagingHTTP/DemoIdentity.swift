import Messaging

/// Believes whoever a request says it comes from: `X-User-ID`, or `?userId=` where there is no such field.
///
/// For trying things out on one machine; a server with this identity listens on loopback only.
public struct DemoIdentity: Identity {
    /// The field that names the caller.
    public var vary: String { "X-User-ID" }

    /// The one demo identity.
    public init() {}

    /// The user named in the request, in the one unnamed tenant.
    public func caller(of request: Request, _ query: Query) throws(Problem) -> Caller {
        guard request.fields.count(of: .userID) <= 1 else {
            throw Problem(.malformedRequest, "X-User-ID is given twice.")
        }
        let named: String?
        if let value = request.fields[.userID] {
            named = String(validating: value, as: UTF8.self)
        } else {
            named = query.userID
        }
        guard let named, let user = UserID(named) else {
            throw Problem(
                .unauthenticated, "Say who you are: send X-User-ID, or add ?userId= to the URL.",
                fields: [Response.Field("WWW-Authenticate", "X-User-ID realm=\"postbox\"")])
        }
        return Caller(user: user)
    }
}
