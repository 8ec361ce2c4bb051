import HTTP
import Metrics

/// What a server has answered since it started, over all its loops; endpoints and outcomes are the numbers of a ``Label``.
package struct ServerTotals: Sendable {
    private let meters: [LoopMeter]

    init(of meters: [LoopMeter]) {
        self.meters = meters
    }

    /// How many answers an endpoint gave with this outcome.
    package func answers(endpoint: Int, outcome: Int) -> Int {
        meters.reduce(0) { $0 + $1.answers(endpoint: endpoint, outcome: outcome) }
    }

    /// How many bytes of request bodies an endpoint received, and of response bodies it sent.
    package func bodyBytes(endpoint: Int) -> (received: Int, sent: Int) {
        meters.map { $0.bodyBytes(endpoint: endpoint) }.reduce((0, 0)) { ($0.0 + $1.received, $0.1 + $1.sent) }
    }

    /// How long an endpoint's answers took, in seconds: from when a loop woke up for the last part of the request to when the
    /// answer was handed over.
    package func durations(endpoint: Int) -> Histogram { LoopMeter.durations(endpoint: endpoint, of: meters) }

    /// How many different people have polled in the last 30 seconds, within some 2 %.
    package var peoplePolling: Int {
        DistinctUserEstimator.estimate(meters.map(\.people), at: MonotonicTime.now.second)
    }
}
