import Messaging

/// Whether a read replica is asked: after a failure it is left alone for a while, and longer after each further one.
struct ReplicaHealth {
    /// How long it must not fail before the log says that it answers again. One that lags fails for some conversations only.
    static let calm = Duration.seconds(10)

    private struct Trouble {
        var miss: ReplicaMiss
        let since: ContinuousClock.Instant
        var latest: ContinuousClock.Instant
        var reported: ContinuousClock.Instant
    }

    private let replica: String
    private var backoff = Backoff()
    private var pausedUntil: ContinuousClock.Instant?
    private var trouble: Trouble?

    /// Whether the last attempt to connect to it or to read from it succeeded; false before the first.
    private(set) var isUp = false

    /// - Parameter replica: what it is called in the log.
    init(replica: String) {
        self.replica = replica
    }

    /// Whether it is left alone at present.
    func isPaused(at now: ContinuousClock.Instant) -> Bool {
        pausedUntil.map { now < $0 } ?? false
    }

    /// It is connected, which does not show yet that it answers.
    mutating func connected() { isUp = true }

    /// It has answered with a page; returns what is news.
    mutating func succeeded(at now: ContinuousClock.Instant) -> ReplicaTransition? {
        isUp = true
        pausedUntil = nil
        backoff.reset()
        guard let trouble, now - trouble.latest >= Self.calm else { return nil }
        self.trouble = nil
        return ReplicaTransition(replica: replica, miss: nil, cause: "", seconds: (now - trouble.since) / .seconds(1))
    }

    /// It has failed; returns what is news. What fails beside it at the same time does not make the pause longer.
    mutating func failed(_ failure: ReplicaFailure, at now: ContinuousClock.Instant) -> ReplicaTransition? {
        isUp = false
        if !isPaused(at: now) { pausedUntil = now + backoff.pause() }
        let former = trouble
        let isNews = former.map { $0.miss != failure.miss && now - $0.reported >= Self.calm } ?? true
        trouble = Trouble(
            miss: failure.miss, since: former?.since ?? now, latest: now,
            reported: isNews ? now : former?.reported ?? now)
        guard isNews else { return nil }
        return ReplicaTransition(
            replica: replica, miss: failure.miss, cause: failure.cause,
            seconds: former.map { (now - $0.since) / .seconds(1) } ?? 0)
    }
}
