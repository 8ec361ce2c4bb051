import Messaging

/// How a request says who is asking.
public protocol Identity: Sendable {
    /// The header fields that the decision depends on, as `Vary` lists them.
    var vary: String { get }

    /// The caller of a request; called on any thread, must not wait.
    ///
    /// - Throws: `unauthenticated` or `malformed-request`.
    func caller(of request: Request, _ query: Query) throws(Problem) -> Caller
}
