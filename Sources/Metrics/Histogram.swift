import Synchronization

/// How often something took how much: counts between bounds, as Prometheus has them.
public struct Histogram: Sendable, Equatable {
    /// The upper bounds of the buckets, rising; beyond the last there is one more bucket.
    public let bounds: [Double]
    /// How many fell into each bucket, the last one included.
    public private(set) var counts: [Int]
    /// All that was observed, added up.
    public private(set) var sum: Double

    /// A histogram that has observed nothing.
    public init(bounds: [Double]) {
        self.init(bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1), sum: 0)
    }

    /// A histogram that was counted elsewhere.
    ///
    /// - Parameter counts: one more than bounds.
    public init(bounds: [Double], counts: [Int], sum: Double) {
        precondition(counts.count == bounds.count + 1)
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }

    /// How many were observed.
    public var count: Int { counts.reduce(0, +) }

    /// Counts a value into the first bucket whose bound it does not exceed.
    public mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}

/// A histogram that any thread may count into; for what happens less often than a poll.
public final class SharedHistogram: Sendable {
    private let histogram: Mutex<Histogram>

    /// A histogram that has observed nothing.
    public init(bounds: [Double]) {
        histogram = Mutex(Histogram(bounds: bounds))
    }

    /// Counts a value.
    public func observe(_ value: Double) {
        histogram.withLock { $0.observe(value) }
    }

    /// What was counted so far.
    public var value: Histogram { histogram.withLock { $0 } }
}
