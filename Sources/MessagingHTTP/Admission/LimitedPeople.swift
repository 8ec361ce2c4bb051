import Messaging
import Metrics
import Synchronization

/// Estimates how many different users the rate limits turned away in the last half minute: one with a script, or many.
///
/// Any thread may call any method.
final class LimitedPeople: Sendable {
    private static let second: Int64 = 1_000_000_000

    private let estimator = DistinctUserEstimator()
    /// The estimator takes users from one thread at a time.
    private let turn = Mutex(())

    /// Counts a user who was turned away.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    func see(_ caller: Caller, now: Int64) {
        var fingerprint = Fingerprint()
        fingerprint.combine(caller)
        let person = fingerprint.value
        turn.withLock { _ in estimator.see(person, at: Int(now / Self.second)) }
    }

    /// How many different users that were, within some 2 %.
    ///
    /// - Parameter now: as above.
    func count(now: Int64) -> Int {
        DistinctUserEstimator.estimate([estimator], at: Int(now / Self.second))
    }
}
