/// What a server needs to answer requests.
public protocol RequestHandler: Sendable {
    /// The header fields that requests are handed on with; the server asks once, at its start, and drops all others.
    var fields: Set<RequestField> { get }

    /// Refuses a request that has a body by its head alone, before any of the body is read; nil lets the body come in.
    ///
    /// Called on a loop thread: it must neither wait nor compute for long. The body of `request` is empty. A request that is let in
    /// is checked again, with its body, by the methods below.
    func refusalAtHead(of request: Request) -> Response?

    /// What the memory for the body of a request is counted for; called on a loop thread as ``refusalAtHead(of:)`` is, after it.
    func source(of request: Request) -> RequestSource

    /// Answers from memory alone, or returns nil where that is not enough.
    ///
    /// Called on a loop thread, with the whole body read: it must neither wait nor touch disk.
    func answerFromMemory(_ request: Request) -> Response?

    /// Answers whatever memory could not; called on a loop thread, once the first has returned nil.
    ///
    /// Until it is suspended for the first time it is on that thread, where it must neither wait nor compute for long.
    func answer(_ request: Request) async -> Response

    /// Says no to a request that the server will not hand on; called on a loop thread.
    ///
    /// The body of `request` is empty.
    func refuse(_ request: Request, because reason: TransportRefusal) -> Response
}

extension RequestHandler {
    /// All fields that are read anywhere.
    public var fields: Set<RequestField> { Set(RequestField.allCases) }

    /// Lets every body come in.
    public func refusalAtHead(of request: Request) -> Response? { nil }

    /// The network that it comes from.
    public func source(of request: Request) -> RequestSource { .network(ClientNetwork(of: request.peer)) }
}
