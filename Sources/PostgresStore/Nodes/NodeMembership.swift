import Messaging
import Synchronization

/// What this node knows of its place among the nodes, and the only way into memory: commits get there directly while it is alone, and
/// otherwise in looks at the feed.
///
/// The writer, the looker and the keeper each tell it what they found; one lock orders that. The observer is told under the lock.
final class NodeMembership: Sendable {
    private struct State {
        var reader = FeedReader()
        /// Whether commits of this node go to the observer directly, and memory answers without looks.
        var isAlone = false
        /// Counts the changes of `isAlone`.
        var turns = 0
        /// The number under which the writer writes.
        var writer: Int64
        /// Counts how often the writer has joined.
        var joins = 0
        /// Whether the row has to be entered again before the next write.
        var mustJoin = false
        /// The greatest position of an own commit that was left to the feed.
        var lastOwn = Int64.min
        /// Since when the store lets this node be alone; nil where it does not. A look that began later makes it so.
        var offer: Int64?
        /// Whether a write of ours may still be committed that nobody waits for.
        var isUncertain = false
        /// Whether the writer is at a batch that it began with what it knew then.
        var isWriting = false
        var otherNodes = 0
        var lastLook: Int64?
        var counts = NodeStatistics.Counts()

        init(writer: Int64) { self.writer = writer }
    }

    /// What a batch of writes begins with: whether the node is alone, and since which change.
    struct Turn: Equatable {
        let isAlone: Bool
        let number: Int
    }

    let node: Node
    let serving: ServingState
    let clock: FeedClock
    /// Wakes the thread that looks.
    let look = WakeUp()
    /// Wakes the thread that renews.
    let renew = WakeUp()
    /// Wakes the writer, where it waits for a look.
    private let looked = WakeUp()
    private let observer: (any CommitObserver)?
    private let state: Mutex<State>

    /// - Parameter writer: the number under which the node has joined.
    init(node: Node, writer: Int64, serving: ServingState, observer: (any CommitObserver)?) {
        self.node = node
        state = Mutex(State(writer: writer))
        self.serving = serving
        self.observer = observer
        clock = FeedClock(
            bound: node.boundNanoseconds, now: { BootClock.now }, wanted: { [look] in look.signal() },
            pause: { try? await Task.sleep(for: $0) })
    }

    /// Whether a look is of use: for polls, or to become alone.
    var wantsLook: Bool {
        let (isAlone, offer) = state.withLock { ($0.isAlone, $0.offer) }
        return offer != nil || (!isAlone && clock.needsLooks)
    }

    /// Whether the first question is settled: this node is alone, or there are others.
    var isSettled: Bool { state.withLock { $0.isAlone || $0.otherNodes > 0 } }

    /// The position, and when the last complete look began.
    var progress: (position: Int64?, lastLook: Int64?) { state.withLock { ($0.reader.position, $0.lastLook) } }

    /// What a batch of writes begins with.
    var turn: Turn { state.withLock { Turn(isAlone: $0.isAlone, number: $0.turns) } }

    /// The number under which the writer writes.
    var writer: Int64 { state.withLock { $0.writer } }

    /// Whether the row has to be entered again before the next write.
    var mustJoin: Bool { state.withLock { $0.mustJoin } }

    /// Figures for metrics.
    var statistics: NodeStatistics {
        state.withLock { state in
            NodeStatistics(
                nodes: state.otherNodes + 1, isAlone: state.isAlone,
                lookAge: state.lastLook.map { Double(BootClock.now - $0) / 1e9 }, counts: state.counts)
        }
    }

    private func setAlone(_ isAlone: Bool, _ state: inout State) {
        guard state.isAlone != isAlone else { return }
        state.isAlone = isAlone
        state.turns += 1
        state.offer = nil
        clock.setAlone(isAlone)
        if !isAlone {
            // The others wait for this node's row to say so.
            renew.signal()
            look.signal()
        }
    }
}

extension NodeMembership {
    /// What a renewal begins with: whether the node takes itself to be alone, and how often the writer had joined.
    struct Renewal {
        let isAlone: Bool
        let joins: Int
    }

    /// A renewal begins. The node does not become the only one before it has ended.
    func beginRenewal() -> Renewal {
        state.withLock { state in
            state.offer = nil
            return Renewal(isAlone: state.isAlone, joins: state.joins)
        }
    }

    /// The row was entered or renewed.
    ///
    /// - Parameters:
    ///   - start: a moment before the call.
    ///   - others: how many other nodes there are; nil where the call did not say.
    ///   - renewal: where the row says by now that this node may be alone, the renewal that found it; nil otherwise.
    func granted(from start: Int64, others: Int? = nil, mayBeAloneSince renewal: Renewal? = nil) {
        let wasOver = state.withLock { state in
            let wasOver = !clock.hasLease
            if let others {
                state.otherNodes = others
                if others > 0 { setAlone(false, &state) }
            }
            clock.leaseGranted(from: start, until: start + Node.lease)
            // To join takes the row back.
            if !state.isAlone, let renewal, renewal.joins == state.joins {
                state.offer = BootClock.now
                look.signal()
            }
            return wasOver
        }
        if wasOver { serving.invalidate() }
    }

    /// The row was entered again by the writer, under another number: no write of an earlier connection is under way any more.
    func joined(from start: Int64, as writer: Int64) {
        state.withLock { state in
            setAlone(false, &state)
            state.writer = writer
            state.joins += 1
            state.offer = nil
            state.isUncertain = false
            state.mustJoin = false
        }
        granted(from: start)
        renew.signal()
    }

    /// The row is gone: this node may neither write nor answer from memory before it has joined anew.
    func lost() {
        let hadLease = state.withLock { state in
            state.mustJoin = true
            return lapse(&state)
        }
        if hadLease { serving.invalidate() }
    }

    /// Ends the lease where it is over by our own clock.
    func checkLease() {
        let hasLapsed = state.withLock { state in clock.hasLapsed && lapse(&state) }
        if hasLapsed { serving.invalidate() }
    }

    /// Ends the lease; returns whether there was one.
    private func lapse(_ state: inout State) -> Bool {
        setAlone(false, &state)
        state.offer = nil
        state.reader.restart()
        return clock.leaseLost()
    }
}

extension NodeMembership {
    /// How long the writer waits for the look that makes this node the only one, in nanoseconds.
    private static let longestPause: Int64 = 50_000_000

    /// A batch of writes begins; followed by ``endBatch()``.
    ///
    /// Where this node may become the only one it waits for a look before: a busy writer would always be at a batch that was begun beside
    /// other nodes.
    func beginBatch() {
        let deadline = BootClock.now + Self.longestPause
        while true {
            let mustWait = state.withLock { state in
                let mustWait = state.offer != nil && !state.isUncertain && BootClock.now < deadline
                state.isWriting = !mustWait
                return mustWait
            }
            guard mustWait else { return }
            look.signal()
            looked.wait(for: .milliseconds(5))
        }
    }

    /// A batch of writes is over, and ``wrote(_:at:others:since:)`` or ``lostTrack()`` was told what became of it.
    func endBatch() {
        state.withLock { $0.isWriting = false }
    }

    /// Takes the commits of a call of the writer; returns for how long its callers must not be answered, in nanoseconds.
    ///
    /// - Parameters:
    ///   - commits: what was committed.
    ///   - position: the position of its row in the feed; nil where it wrote none.
    ///   - others: D of the other nodes in milliseconds, as the call found them; nil where there were none.
    ///   - turn: what the batch began with: only what was made with the knowledge of a node that was alone all the time goes to memory.
    func wrote(_ commits: [Commit], at position: Int64?, others: Int32?, since turn: Turn) -> Int64 {
        state.withLock { state in
            if others == nil, state.isAlone, turn == Turn(isAlone: true, number: state.turns) {
                if !commits.isEmpty { observer?.committed(commits) }
                if let position { state.reader.applied(ownCommitAt: position) }
                return 0
            }
            setAlone(false, &state)
            if let position { state.lastOwn = max(state.lastOwn, position) }
            return Int64(max(node.bound, others ?? 0)) * 1_000_000
        }
    }

    /// A call of the writer failed, and nobody knows whether it is committed, or will be.
    func lostTrack() {
        state.withLock { state in
            setAlone(false, &state)
            state.offer = nil
            state.isUncertain = true
            state.mustJoin = true
        }
    }
}

extension NodeMembership {
    /// Where a look begins.
    var position: Int64? { state.withLock { $0.reader.position } }

    /// Lets those go on who wait for a look while this node has become the only one: memory has all that is answered.
    func vouchAlone() {
        state.withLock { state in
            if state.isAlone { clock.looked(from: BootClock.now) }
        }
    }

    /// Puts what a look brought into memory.
    ///
    /// - Parameters:
    ///   - timeline: that of the server.
    ///   - position: where it began.
    ///   - start: a moment before it was sent.
    /// - Returns: what became of it; nil where it is of no use any more.
    func apply(
        _ look: FeedLook, of timeline: Int32, after position: Int64?, from start: Int64,
        resolve: (TenantID, Int64) throws(PostgresError) -> FeedConversation?
    ) throws(PostgresError) -> FeedReader.Progress? {
        let memory = FeedMemory(serving: serving, observer: observer)
        return try state.withLock { (state) throws(PostgresError) -> FeedReader.Progress? in
            guard !state.isAlone, state.reader.position == position else { return nil }
            let history = History(epoch: look.epoch, timeline: timeline)
            if history != serving.expected {
                state.mustJoin = true
                state.offer = nil
            }
            serving.found(history)
            let progress = try state.reader.apply(look, to: memory, resolve: resolve)
            state.counts.looks += 1
            state.counts.rows += look.rows.count
            state.counts.lookSeconds += Double(BootClock.now - start) / 1e9
            switch progress {
            case .cut: return progress
            case .restarted: state.counts.restarts += 1
            case .complete: break
            }
            state.lastLook = start
            becomeAlone(from: start, &state)
            clock.looked(from: start)
            looked.signal()
            return progress
        }
    }

    /// Memory has all that was visible when a look began. Where there was no other node before that, and no own commit is missing, the node
    /// is alone.
    private func becomeAlone(from start: Int64, _ state: inout State) {
        guard let offer = state.offer, offer <= start, !state.isUncertain, !state.isWriting,
            state.lastOwn <= state.reader.position ?? .min
        else { return }
        setAlone(true, &state)
    }
}

/// Memory as a reader of the feed fills it.
private struct FeedMemory: CommitObserver {
    let serving: ServingState
    let observer: (any CommitObserver)?

    func committed(_ commits: [Commit]) { observer?.committed(commits) }

    func reset() { serving.invalidate() }
}
