import Synchronization

/// A clock of instants that only a test moves.
package final class TestClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    package init() {}

    /// The present instant.
    package var now: ContinuousClock.Instant { instant.withLock { $0 } }

    /// Lets time pass.
    package func advance(by duration: Duration) {
        instant.withLock { $0 += duration }
    }
}
