import Synchronization

/// A monotonic clock that only a test moves.
package final class ManualClock: Sendable {
    private let nanoseconds = Atomic<Int64>(1_000_000_000_000)

    package init() {}

    /// Nanoseconds since some moment.
    package var now: Int64 { nanoseconds.load(ordering: .relaxed) }

    /// Lets time pass, in seconds.
    package func pass(_ seconds: Int64) { nanoseconds.add(seconds * 1_000_000_000, ordering: .relaxed) }
}
