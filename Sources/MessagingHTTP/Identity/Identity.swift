import HTTP
import Messaging

/// Determines the caller of a request.
public protocol Identity: Sendable {
    /// The header fields that the decision depends on, as `Vary` lists them.
    var vary: String { get }

    /// What a page of another site could do without further checks.
    var exposure: CrossSiteExposure { get }

    /// The caller of a request if memory has it; nil where that takes ``caller(of:_:)``.
    ///
    /// Called on loop threads; it must neither wait nor compute for long.
    ///
    /// - Parameter query: nil where it has not been parsed yet; an identity that needs it then returns nil.
    /// - Throws: `unauthenticated` or `malformed-request`.
    func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller?

    /// The caller of a request. It may read and compute, but not write: a request that is refused must cause no write.
    ///
    /// - Throws: `unauthenticated` or `malformed-request`.
    func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller

    /// Whether the credentials of a request are known to be good, so that ``caller(of:_:)`` computes nothing.
    func isVerified(_ request: Request) -> Bool

    /// For how many seconds the credentials of a request are good, where its caller is in memory; infinite where they do not expire.
    func remainingSeconds(of request: Request) -> Double
}

extension Identity {
    /// It is not known.
    public func isVerified(_ request: Request) -> Bool { false }

    /// They do not expire.
    public func remainingSeconds(of request: Request) -> Double { .infinity }
}

/// What is wrong with the credentials of a request, as far as it counts against the address they come from.
public enum CredentialFault: Sendable, Equatable {
    /// There are none, or it can be seen at once that they are of no use.
    case unusable
    /// They were good once, or will be: a page that was left open goes on sending them.
    case stale
    /// The signature did not verify.
    case forged
}

extension Problem {
    /// No or bad credentials, with the challenge of RFC 6750, section 3.
    ///
    /// - Parameter error: the error code of section 3.1; nil where there were no credentials at all.
    static func unauthenticated(
        _ detail: String, error: String? = nil, _ fault: CredentialFault = .unusable
    ) -> Problem {
        var challenge = "Bearer realm=\"postbox\""
        if let error { challenge += ", error=\"\(error)\", error_description=\"\(detail)\"" }
        return Problem(
            .unauthenticated, detail, fields: [Response.Field("WWW-Authenticate", challenge)], credentialFault: fault)
    }
}

/// An authenticated caller, before the rate limits are applied.
public struct IdentifiedCaller: Sendable {
    /// The caller.
    let caller: Caller
    /// Stores the caller's name where it is new; called once the request is admitted.
    let updateProfile: (@Sendable () async -> Void)?

    init(_ caller: Caller, updateProfile: (@Sendable () async -> Void)? = nil) {
        self.caller = caller
        self.updateProfile = updateProfile
    }
}

/// What a page of another site can do in a user's name by the user's browser, as far as the identity alone goes.
public enum CrossSiteExposure: Sendable {
    /// Nothing: only the app's own script can add the credentials, such as a bearer token.
    case nothing
    /// Write: a form needs no permission, and the browser sends the cookie or the address that identifies the caller.
    case writes
    /// Read and write: every request is trusted, so any page can do both whose host name resolves to this server (DNS rebinding).
    case everything
}
