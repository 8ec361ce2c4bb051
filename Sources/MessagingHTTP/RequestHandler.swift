/// What a server needs to answer requests.
public protocol RequestHandler: Sendable {
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
