import HTTP
import Metrics

/// The answers of one loop, counted by its thread.
final class LoopMeter: Sendable {
    /// The upper bounds of the buckets for durations, in seconds.
    static let bounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    private static let nanoseconds = bounds.map { Int($0 * 1e9) }
    /// Where the cells of one endpoint's durations begin to repeat: its buckets, the one beyond, and the sum.
    private static let stride = bounds.count + 2
    private static let durations = Label.endpointLimit * Label.outcomeLimit
    private static let received = durations + Label.endpointLimit * stride
    private static let sent = received + Label.endpointLimit

    private let cells = Cells()
    let people = DistinctUserEstimator()

    init() {
        precondition(Self.sent + Label.endpointLimit <= Cells.count)
    }

    /// Counts an answer.
    ///
    /// - Parameters:
    ///   - nanoseconds: how long it took.
    ///   - second: seconds of a monotonic clock.
    func answered(_ request: Request, _ response: Response, nanoseconds: Int, second: Int) {
        let endpoint = response.label.endpointIndex
        cells.add(1, to: endpoint * Label.outcomeLimit + response.label.outcomeIndex)
        var bucket = 0
        while bucket < Self.nanoseconds.count, nanoseconds > Self.nanoseconds[bucket] { bucket += 1 }
        let first = Self.durations + endpoint * Self.stride
        cells.add(1, to: first + bucket)
        cells.add(nanoseconds, to: first + Self.bounds.count + 1)
        if !request.body.isEmpty { cells.add(request.body.count, to: Self.received + endpoint) }
        if !response.body.isEmpty, request.method != .head { cells.add(response.body.count, to: Self.sent + endpoint) }
        if response.label.isPoll { people.see(response.label.viewer, at: second) }
    }

    /// How many answers had a label with these numbers.
    func answers(endpoint: Int, outcome: Int) -> Int { cells[endpoint * Label.outcomeLimit + outcome] }

    /// How many bytes of bodies came in and went out.
    func bodyBytes(endpoint: Int) -> (received: Int, sent: Int) {
        (cells[Self.received + endpoint], cells[Self.sent + endpoint])
    }

    /// How long answers took, in seconds.
    static func durations(endpoint: Int, of meters: [LoopMeter]) -> Histogram {
        let first = durations + endpoint * stride
        let counts = (0...bounds.count).map { bucket in meters.reduce(0) { $0 + $1.cells[first + bucket] } }
        let sum = meters.reduce(0) { $0 + $1.cells[first + bounds.count + 1] }
        return Histogram(bounds: bounds, counts: counts, sum: Double(sum) / 1e9)
    }
}
