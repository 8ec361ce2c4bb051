/// What a server needs to answer requests.
public protocol RequestHandler: Sendable {
    /// The header fields that requests are handed on with; the server asks once, at its start, and drops all others.
    var fields: Set<RequestField> { get }

    /// Refuses a request that has a body by its head alone, before any of the body is read; nil lets the body come in.
    ///
    /// Called on a loop thread: it must neither wait nor compute for long. The body of `request` is empty. A request that is let in
    /// is checked again, with its body, by ``begin(_:)``.
    func refusalAtHead(of request: Request) -> Response?

    /// What the memory for the body of a request is counted for; called on a loop thread as ``refusalAtHead(of:)`` is, after it.
    func source(of request: Request) -> RequestSource

    /// Answers a request from memory alone, or says what it takes to answer it.
    ///
    /// Called on a loop thread, with the whole body read: it must neither wait nor touch disk.
    func begin(_ request: Request) -> Reply

    /// Refuses a request that the server does not hand on; called on a loop thread.
    func refuse(_ request: Request, because reason: TransportRefusal) -> Response
}

/// How far a request has come on the loop's thread.
public enum Reply: Sendable {
    /// The answer.
    case response(Response)
    /// What takes longer than memory. Called once, on the loop's thread, where it must neither wait nor compute for long until it is
    /// suspended for the first time.
    ///
    /// - Parameter requestID: the name of the request in logs.
    case pending(@Sendable (_ requestID: String?) async -> Reply)
    /// Nothing has changed for the client, which asked to be answered when something does.
    case waiting(Wait)
    /// The answer to a request that has waited and cannot wait on, because what it waits for was evicted from memory: nothing has changed.
    case evicted(Response)
}

extension RequestHandler {
    /// All fields that are read anywhere.
    public var fields: Set<RequestField> { Set(RequestField.allCases) }

    /// Lets every body come in.
    public func refusalAtHead(of request: Request) -> Response? { nil }

    /// The network that it comes from.
    public func source(of request: Request) -> RequestSource { .network(ClientNetwork(of: request.peer)) }
}
