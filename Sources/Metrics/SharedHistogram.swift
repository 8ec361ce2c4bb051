import Synchronization

/// A histogram that any thread may count into; for what happens less often than a poll.
package final class SharedHistogram: Sendable {
    private let histogram: Mutex<Histogram>

    /// A histogram that has observed nothing.
    package init(bounds: [Double]) {
        histogram = Mutex(Histogram(bounds: bounds))
    }

    /// Counts a value.
    package func observe(_ value: Double) {
        histogram.withLock { $0.observe(value) }
    }

    /// What was counted so far.
    package var value: Histogram { histogram.withLock { $0 } }
}
