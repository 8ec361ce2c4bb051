import HTTP
import Metrics

/// What a server has answered since it started, over all its loops; endpoints and outcomes are the numbers of a ``Label``.
public struct ServerTotals: Sendable {
    private let meters: [LoopMeter]

    init(of meters: [LoopMeter]) {
        self.meters = meters
    }

    /// How many answers an endpoint gave with this outcome.
    public func answers(endpoint: Int, outcome: Int) -> Int {
        meters.reduce(0) { $0 + $1.answers(endpoint: endpoint, outcome: outcome) }
    }

    /// How many bytes of request bodies an endpoint received, and of response bodies it sent.
    public func bodyBytes(endpoint: Int) -> (received: Int, sent: Int) {
        meters.map { $0.bodyBytes(endpoint: endpoint) }.reduce((0, 0)) { ($0.0 + $1.received, $0.1 + $1.sent) }
    }

    /// How long an endpoint's answers took, in seconds: from when a loop woke up for the last part of the request to when the
    /// answer was handed over.
    public func durations(endpoint: Int) -> Histogram { LoopMeter.durations(endpoint: endpoint, of: meters) }

    /// How many different people have polled in the last 30 seconds, within some 2 %.
    public var peoplePolling: Int {
        DistinctUserEstimator.estimate(meters.map(\.people), at: MonotonicTime.now.second)
    }
}

/// What a server is doing at one moment; the numbers are read one after another, not in one instant.
public struct ServerStatistics: Sendable, Equatable {
    /// Connections that are open.
    public internal(set) var openConnections = 0
    /// Requests whose request line has come in and whose response is not yet out.
    public internal(set) var openRequests = 0
    /// The requests among them whose answer another thread makes.
    public internal(set) var suspendedRequests = 0
    /// Requests that wait for a change.
    public internal(set) var waitingRequests = 0
    /// Waits that a change has ended.
    public internal(set) var waitsChanged = 0
    /// Waits whose time was over.
    public internal(set) var waitsTimedOut = 0
    /// Waits that ended without a change because what they waited for was evicted from memory.
    public internal(set) var waitsEvicted = 0
    /// Waits whose client had closed its sending side or was gone.
    public internal(set) var waitsGone = 0
    /// Waits that ended because the server stopped.
    public internal(set) var waitsStopped = 0
    /// Responses given since the server started, refusals included.
    public internal(set) var answeredRequests = 0
    /// Connections closed at once because their address had too many.
    public internal(set) var refusedConnections = 0
    /// Connections cut because a request took too long to come in.
    public internal(set) var cutConnections = 0
}
