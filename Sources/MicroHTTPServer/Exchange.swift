import HTTP

/// A request and its answer, once the answer is on its way out.
public struct Exchange: Sendable {
    /// What was asked.
    public let request: Request
    /// What was answered.
    public let response: Response
    /// How long it took, in seconds: from when the loop woke up for the last part of the request to when the answer was handed over.
    public let seconds: Double
}

/// Whoever is told of exchanges.
public protocol ExchangeObserver: Sendable {
    /// Takes note of an exchange; called on a loop thread, so it must not wait.
    func answered(_ exchange: Exchange)
}
