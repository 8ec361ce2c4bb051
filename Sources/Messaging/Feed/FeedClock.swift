import Synchronization

/// Says whether the state in memory may answer polls, where other nodes write to the same store.
///
/// A node looks at the store's feed again and again. A commit that was visible when a look began is in memory when a complete look has
/// ended. So memory may answer at a moment τ only where the last complete look began after τ − D, D being the bound on staleness; and
/// a write is answered D after its commit. Then no node gives an answer from before an answered write: the commit was visible at
/// x and answered at x + D or later, a node that answers from memory after that has ended a look that began after x, and that look has
/// the commit.
///
/// It also holds only while the node's own lease does: others do not wait for a node whose lease is over.
///
/// All moments are nanoseconds of one clock of this machine, which goes on while the machine is suspended (`CLOCK_BOOTTIME`). Durations
/// alone are compared, never clocks of two machines. Any thread may call any method; none of them waits but ``nextLook(within:)``.
public final class FeedClock: Sendable {
    private struct State {
        /// When the last complete look began; nil where there was none since memory was emptied.
        var lookStart: Int64?
        /// Looks that began before this moment do not count: the other nodes may not have known of this one.
        var leaseStart: Int64 = .max
        var leaseEnd: Int64 = .min
        var isAlone = false
        var waiting: [Int: LookWaiter] = [:]
        var lastNumber = 0
    }

    private struct LookWaiter {
        /// The look must begin after this moment.
        let moment: Int64
        let continuation: CheckedContinuation<Bool, Never>
        var timer: Task<Void, Never>?
    }

    /// How long memory may stay without an answer before looks need not go on.
    private static let idleTime: Int64 = 1_000_000_000

    /// A clock for a store that no other process writes to: memory may always answer, and no time is read.
    public static let alone = FeedClock()

    /// The moment from which on memory may not answer; `Int64.max` for never.
    private let end: Atomic<Int64>
    private let others: Atomic<Bool>
    private let lastAsked = Atomic<Int64>(.min)
    private let waits = Atomic<Int>(0)
    private let state = Mutex(State())
    private let bound: Int64
    private let isShared: Bool
    private let now: @Sendable () -> Int64
    private let wanted: @Sendable () -> Void
    private let pause: @Sendable (Duration) async -> Void

    private init() {
        end = Atomic(.max)
        others = Atomic(false)
        bound = 0
        isShared = false
        now = { 0 }
        wanted = {}
        pause = { _ in }
    }

    /// A clock by which memory may not answer before a lease is granted and a look has ended.
    ///
    /// - Parameters:
    ///   - bound: D in nanoseconds, the greatest age of what memory answers with; the same at all nodes.
    ///   - now: the present moment.
    ///   - wanted: called where a poll needs a look and there may be none under way; it must not wait, nor call this clock.
    ///   - pause: returns after this time, or when its task is cancelled.
    public init(
        bound: Int64, now: @escaping @Sendable () -> Int64, wanted: @escaping @Sendable () -> Void,
        pause: @escaping @Sendable (Duration) async -> Void
    ) {
        end = Atomic(.min)
        others = Atomic(true)
        self.bound = bound
        isShared = true
        self.now = now
        self.wanted = wanted
        self.pause = pause
    }

    /// Whether memory may answer a request that arrives now.
    public var mayAnswer: Bool {
        let end = end.load(ordering: .acquiring)
        if end == .max { return true }
        let now = now()
        lastAsked.store(now, ordering: .relaxed)
        return now < end
    }

    /// Whether the node's lease holds.
    public var hasLease: Bool { state.withLock { $0.leaseEnd > now() } }

    /// Whether the node's lease has run out, and ``leaseLost()`` was not called since.
    public var hasLapsed: Bool { state.withLock { $0.leaseEnd != .min && $0.leaseEnd <= now() } }

    /// Whether other nodes may have answered this request's client before.
    public var hasOtherNodes: Bool { others.load(ordering: .acquiring) }

    /// Whether a client polls or waits, so that looks have to go on.
    public var needsLooks: Bool {
        if waits.load(ordering: .acquiring) > 0 { return true }
        if state.withLock({ !$0.waiting.isEmpty }) { return true }
        let asked = lastAsked.load(ordering: .relaxed)
        return asked != .min && now() - asked < Self.idleTime
    }

    /// A poll begins to wait for a change; each call is followed by one of ``endWait()``.
    public func beginWait() {
        waits.add(1, ordering: .acquiringAndReleasing)
        if end.load(ordering: .acquiring) != .max { wanted() }
    }

    /// A poll that waited is over.
    public func endWait() {
        waits.subtract(1, ordering: .acquiringAndReleasing)
    }

    /// The node's lease was granted or renewed.
    ///
    /// - Parameters:
    ///   - start: the moment before the call that granted it. Where the former lease was over then, only looks count that begin later.
    ///   - end: when the lease is over.
    public func leaseGranted(from start: Int64, until end: Int64) {
        state.withLock { state in
            if state.leaseEnd < start {
                state.leaseStart = start
                state.lookStart = nil
            }
            state.leaseEnd = end
            update(state)
        }
    }

    /// Whether there is no other node, and none can begin to write while the lease holds: memory may answer without looks then. A node that
    /// was not alone before has applied all that others wrote.
    public func setAlone(_ isAlone: Bool) {
        state.withLock { state in
            state.isAlone = isAlone
            update(state)
        }
    }

    /// The node has no lease any more, or memory was emptied: memory may answer again after a new grant and a look that began after it.
    ///
    /// - Returns: whether it had one until now.
    @discardableResult
    public func leaseLost() -> Bool {
        state.withLock { state in
            defer {
                state.leaseEnd = .min
                state.leaseStart = .max
                state.lookStart = nil
                state.isAlone = false
                update(state)
            }
            return state.leaseEnd != .min
        }
    }

    /// A complete look has ended, and memory has all that it brought. A look that was cut counts for nothing.
    ///
    /// - Parameter start: the moment before the look was sent.
    public func looked(from start: Int64) {
        let done = state.withLock { state -> [LookWaiter] in
            guard start > state.leaseStart else { return [] }
            state.lookStart = max(start, state.lookStart ?? .min)
            update(state)
            let done = state.waiting.filter { $0.value.moment < start }
            for number in done.keys { state.waiting[number] = nil }
            return Array(done.values)
        }
        for waiter in done {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: true)
        }
    }

    /// Waits for the end of a complete look that begins after this call: memory has then all that was visible anywhere before it.
    ///
    /// - Parameter limit: the longest wait.
    /// - Returns: false where there was no such look in time.
    public func nextLook(within limit: Duration) async -> Bool {
        if !hasOtherNodes, mayAnswer { return true }
        return await withCheckedContinuation { continuation in
            let moment = now()
            let number = state.withLock { state in
                state.lastNumber += 1
                state.waiting[state.lastNumber] = LookWaiter(moment: moment, continuation: continuation)
                return state.lastNumber
            }
            let timer = Task { [self] in
                await pause(limit)
                if !Task.isCancelled { giveUp(number) }
            }
            let isOver = state.withLock { state in
                state.waiting[number]?.timer = timer
                return state.waiting[number] == nil
            }
            if isOver { timer.cancel() }
            wanted()
        }
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { $0.waiting.removeValue(forKey: number) }
        waiter?.continuation.resume(returning: false)
    }

    private func update(_ state: State) {
        guard isShared else { return }
        others.store(!state.isAlone, ordering: .releasing)
        var last = Int64.min
        if state.isAlone {
            last = state.leaseEnd
        } else if let start = state.lookStart {
            last = min(start + bound, state.leaseEnd)
        }
        // `max` is for a store that nobody else can write to.
        end.store(min(last, .max - 1), ordering: .releasing)
    }
}
