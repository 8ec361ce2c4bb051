import MessagingHTTP
import Metrics
import MicroHTTPServer

/// What the server counts by number, by the service's names.
extension ServerTotals {
    /// How many answers an endpoint gave with this outcome.
    func answers(_ endpoint: Endpoint, _ outcome: Outcome) -> Int {
        answers(endpoint: endpoint.index, outcome: outcome.index)
    }

    /// How many bytes of request bodies an endpoint received, and of response bodies it sent.
    func bodyBytes(_ endpoint: Endpoint) -> (received: Int, sent: Int) { bodyBytes(endpoint: endpoint.index) }

    /// How long an endpoint's answers took, in seconds.
    func durations(_ endpoint: Endpoint) -> Histogram { durations(endpoint: endpoint.index) }
}
