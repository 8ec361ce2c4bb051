import HTTP

/// A request and its answer, once the answer is on its way out.
package struct Exchange: Sendable {
    /// The request.
    package let request: Request
    /// The response.
    package let response: Response
    /// How long it took, in seconds: from when the loop woke up for the last part of the request to when the answer was handed over.
    package let seconds: Double
}

/// An observer of exchanges.
package protocol ExchangeObserver: Sendable {
    /// Receives an exchange; called on a loop thread, so it must not wait.
    func answered(_ exchange: Exchange)
}
