import Messaging
import Synchronization

/// Whether reads, writes and checkpoints work at present; any thread may report and read it.
///
/// A failed operation counts as working again once it succeeds some time after its last failure. Otherwise a nearly full disk, which
/// has space for small writes and not for large ones, would change the state with every write.
package final class StoreHealth: Sendable {
    /// How long an operation must not fail before it counts as working.
    package static let calm = Duration.seconds(2)

    private struct Trouble {
        var fault: StoreFault
        let since: ContinuousClock.Instant
        var latest: ContinuousClock.Instant
        var reported: ContinuousClock.Instant
    }

    private struct State {
        var troubles: [StoreOperation: Trouble] = [:]
        var failures: [StoreOperation: [StoreFault: Int]] = [:]
        var written: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    /// How many operations fail at present: a success reads it without the lock.
    private let troubled = Atomic(0)
    private let changed: (@Sendable (HealthTransition) -> Void)?
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Creates the health of a store that works.
    ///
    /// - Parameters:
    ///   - changed: called when an operation begins to fail, fails for another reason or works again, on the thread that reports it.
    ///   - now: the monotonic time.
    package init(
        changed: (@Sendable (HealthTransition) -> Void)? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.changed = changed
        self.now = now
    }

    /// Why an operation fails at present; nil where it works.
    package func fault(of operation: StoreOperation) -> StoreFault? {
        guard troubled.load(ordering: .relaxed) > 0 else { return nil }
        return state.withLock { $0.troubles[operation]?.fault }
    }

    /// How often an operation failed for this reason since the start.
    package func failures(of operation: StoreOperation, by fault: StoreFault) -> Int {
        state.withLock { $0.failures[operation]?[fault] ?? 0 }
    }

    /// Whether something was written within this time.
    package func hasWritten(within time: Duration) -> Bool {
        state.withLock { state in state.written.map { now() - $0 < time } ?? false }
    }

    /// Counts a failure, and reports it where it is news.
    package func failed(_ operation: StoreOperation, _ failure: StoreFailure) {
        let change = state.withLock { state -> HealthTransition? in
            let now = now()
            state.failures[operation, default: [:]][failure.fault, default: 0] += 1
            guard var trouble = state.troubles[operation] else {
                state.troubles[operation] = Trouble(fault: failure.fault, since: now, latest: now, reported: now)
                troubled.store(state.troubles.count, ordering: .relaxed)
                return HealthTransition(operation: operation, fault: failure.fault, cause: failure.cause, seconds: 0)
            }
            let isNews = trouble.fault != failure.fault && now - trouble.reported >= Self.calm
            trouble.latest = now
            trouble.fault = failure.fault
            if isNews { trouble.reported = now }
            state.troubles[operation] = trouble
            guard isNews else { return nil }
            return HealthTransition(
                operation: operation, fault: failure.fault, cause: failure.cause,
                seconds: (now - trouble.since) / .seconds(1))
        }
        if let change { changed?(change) }
    }

    /// Takes note that an operation succeeded; it works again where its last failure is some time ago.
    package func succeeded(_ operation: StoreOperation) {
        if operation == .write { state.withLock { $0.written = now() } }
        guard troubled.load(ordering: .relaxed) > 0 else { return }
        let change = state.withLock { state -> HealthTransition? in
            let now = now()
            guard let trouble = state.troubles[operation], now - trouble.latest >= Self.calm else { return nil }
            state.troubles[operation] = nil
            troubled.store(state.troubles.count, ordering: .relaxed)
            return HealthTransition(
                operation: operation, fault: nil, cause: "", seconds: (now - trouble.since) / .seconds(1))
        }
        if let change { changed?(change) }
    }
}
