import HTTP

/// A request and its answer, once the answer is on its way out.
public struct Exchange: Sendable {
    /// The request.
    public let request: Request
    /// The response.
    public let response: Response
    /// How long it took, in seconds: from when the loop woke up for the last part of the request to when the answer was handed over.
    public let seconds: Double
}

/// An observer of exchanges.
public protocol ExchangeObserver: Sendable {
    /// Receives an exchange; called on a loop thread, so it must not wait.
    func answered(_ exchange: Exchange)
}
