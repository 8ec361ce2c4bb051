import Foundation
import Logging
import Messaging
import StoreWork
import Synchronization

/// Removes old messages while the server runs: once a day, in the quiet hours, a little at a time, on a thread of its own. Of several servers
/// that share a store, one at a time does so.
final class RetentionWorker: Sendable {
    /// What is measured.
    struct Numbers: Sendable {
        /// How many messages were removed since the start.
        var removed = 0
        /// Whether any message is ever too old.
        var isActive = false
        /// How much longer than it is kept the oldest message may be there at most, in seconds, when that was last known.
        var overdue = 0.0
        /// When that was, in seconds since 1970.
        var knownAt: Double
    }

    /// Of the writer's time, at most one part in this many.
    private static let share = 5
    private static let leastRest = 0.002
    /// How often to look whether the hours have begun, in seconds.
    private static let period = 20.0
    /// How long after one pass the next may begin, in seconds: the hours begin every 23 hours at the least.
    private static let leastBetweenPasses = 20.0 * 3600
    /// How long to wait after a failure.
    private static let pause = 300.0

    private let store: any RetentionStore
    private let others: Retention
    private let hours: HoursOfDay
    private let logger: Logger
    private let numbers: Mutex<Numbers>
    private let stopping = NSCondition()
    private let isStopped = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter others: how long the messages of tenants without a rule of their own are kept.
    init(_ store: any RetentionStore, others: Retention, hours: HoursOfDay, logger: Logger) {
        self.store = store
        self.others = others
        self.hours = hours
        self.logger = logger
        numbers = Mutex(Numbers(knownAt: Self.seconds))
    }

    /// How many messages were removed since the start.
    var removed: Int { numbers.withLock { $0.removed } }

    /// How much longer than it is kept a message may be there at most, in seconds; 0 where all are kept for ever.
    var lag: Double { numbers.withLock { $0.isActive ? $0.overdue + max(0, Self.seconds - $0.knownAt) : 0 } }

    func start() {
        let thread = Thread { [self] in
            work()
            ended.signal()
        }
        thread.name = "postbox-retention"
        thread.start()
    }

    /// Ends the thread after its present step; blocks until then.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        stopping.withLock { stopping.broadcast() }
        ended.wait()
    }

    private func work() {
        attempt { try look() }
        var lastPass: Date?
        repeat {
            let now = Date.now
            guard hours.contains(Calendar.current.component(.hour, from: now)) else { continue }
            // Hours that span midnight are one night, and all hours are one a day.
            guard lastPass.map({ now.timeIntervalSince($0) > Self.leastBetweenPasses }) ?? true else { continue }
            switch attempt({ try pass() }) {
            case true?: lastPass = now
            case false?: break
            case nil: _ = wait(Self.pause)
            }
        } while wait(Self.period)
    }

    /// Measures how much is too old already.
    private func look() throws {
        let (rules, now) = (RetentionRules(others: others, own: try store.retentions()), SystemClock.now())
        guard activate(rules) else { return }
        let seen = try RetentionPass(store, rules, now: now) { [self] in rest(after: $0) }.look()
        know(overdue: Double(seen.longestOverdue) / 1000, at: now)
    }

    /// Removes what is too old now; returns false where another server does so. This one looks later whether that has left any.
    private func pass() throws -> Bool {
        let (rules, now) = (RetentionRules(others: others, own: try store.retentions()), SystemClock.now())
        guard activate(rules) else { return true }
        guard try store.beginRetention() else { return false }
        defer { store.endRetention() }
        let done = try RetentionPass(store, rules, now: now) { [self] took in
            rest(after: took) && hours.contains(Calendar.current.component(.hour, from: .now))
        }.remove { [self] removed in numbers.withLock { $0.removed += removed } }
        guard done.isComplete else { return true }
        know(overdue: 0, at: now)
        if done.removed > 0 {
            logger.notice("removed old messages", metadata: ["messages": .stringConvertible(done.removed)])
        }
        return true
    }

    /// Returns whether the rules ever remove a message.
    private func activate(_ rules: RetentionRules) -> Bool {
        numbers.withLock { numbers in
            if rules.removeAny, !numbers.isActive { numbers.knownAt = Self.seconds }
            numbers.isActive = rules.removeAny
            return numbers.isActive
        }
    }

    private func know(overdue: Double, at moment: Timestamp) {
        numbers.withLock { ($0.overdue, $0.knownAt) = (overdue, Double(moment.milliseconds) / 1000) }
    }

    /// Returns what `work` does, or nil where it fails; the failure is logged.
    @discardableResult
    private func attempt<Answer>(_ work: () throws -> Answer) -> Answer? {
        do {
            return try work()
        } catch {
            logger.error("old messages could not be removed: \(Failure.reason(of: error))")
            return nil
        }
    }

    /// Leaves the store to others after a step; returns whether to go on.
    private func rest(after took: Duration) -> Bool {
        wait(max(Self.leastRest, took / .seconds(1) * Double(Self.share - 1)))
    }

    /// Waits; returns whether it was not stopped.
    private func wait(_ seconds: Double) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        stopping.withLock {
            while !isStopped.load(ordering: .relaxed), stopping.wait(until: deadline) {}
        }
        return !isStopped.load(ordering: .relaxed)
    }

    private static var seconds: Double { Double(SystemClock.now().milliseconds) / 1000 }
}
