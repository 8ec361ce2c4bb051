import Messaging
import MessagingHTTP
import Synchronization
import TestSupport

/// A fault in how nodes follow each other, for tests that must find it.
enum NodeFault: String, CaseIterable, Sendable {
    /// A write is answered at once.
    case noDelay
    /// A look counts from its end, and not from its beginning.
    case looksCountFromTheirEnd
    /// Memory that the feed has not reached for long answers all the same.
    case clockIgnored
    /// A look counts that brought only a part of what there was.
    case cutLooksCount
    /// A node tells its memory of its own messages before the feed brings them, and goes on from there.
    case ownMessagesAtOnce
    /// Writers do not wait for each other: a row of the feed may become visible after one of a higher position.
    case rowsOutOfOrder
    /// What was loaded is put into memory though the feed has brought newer commits meanwhile.
    case oldLoads
}

/// One of several nodes over one store: its index, which only the feed and loads fill, and its looks at the feed.
final class Node: Sendable {
    /// D, in ticks of a clock that counts how often it is read.
    static let bound: Int64 = 20
    private static let lease: Int64 = 2000

    let index: FreshnessIndex
    let store: NodeStore
    private let feed: SharedFeed
    private let tick: @Sendable () -> Int64
    private let fault: NodeFault?
    private let looks = Mutex<Task<Void, Never>?>(nil)
    private let reader = Mutex(FeedReader(mostRows: 3))

    init(
        store: any MessageStore, feed: SharedFeed, writes: SharedWrites, indexCapacity: Int, seed: UInt64,
        fault: NodeFault?, tick: @escaping @Sendable () -> Int64
    ) {
        index = FreshnessIndex(capacity: indexCapacity)
        let clock =
            fault == .clockIgnored
            ? .alone : FeedClock(bound: Self.bound, now: tick, wanted: {}, pause: { try? await Task.sleep(for: $0) })
        self.store = NodeStore(
            store: SlowStore(store: store), feedClock: clock, writes: writes,
            former: fault == .oldLoads ? FormerLoads() : nil)
        self.feed = feed
        self.tick = tick
        self.fault = fault
        if fault == .ownMessagesAtOnce { self.store.observe { [weak self] sent in self?.applyAtOnce(sent) } }
        looks.withLock { $0 = Task { await look(Generator(seed: seed)) } }
    }

    /// Ends the looks.
    func stop() {
        let task = looks.withLock { $0.take() }
        task?.cancel()
    }

    /// Waits until memory has all that was answered before.
    func catchUp() async { _ = await store.feedClock.nextLook(within: .seconds(20)) }

    private func look(_ seeded: Generator) async {
        var chance = seeded
        var leaseEnd: Int64 = 0
        while !Task.isCancelled {
            if chance.once(in: 100) {
                // As a machine that was paused for longer than its lease.
                store.feedClock.leaseLost()
                reader.withLock { $0.restart() }
                leaseEnd = 0
            }
            if tick() > leaseEnd - Self.lease / 2 {
                let start = tick()
                leaseEnd = start + Self.lease
                store.feedClock.leaseGranted(from: start, until: leaseEnd)
            }
            await look(&chance)
            feed.trim()
            store.writes.answer()
            try? await Task.sleep(for: .microseconds(Int.random(in: 0...300, using: &chance)))
        }
        // Nobody is left who would answer them.
        feed.end()
        while store.writes.hasHeld {
            store.writes.answer()
            await Task.yield()
        }
    }

    private func applyAtOnce(_ sent: SentMessage) {
        guard let (commit, position) = feed.commit(of: sent.message.n, in: sent.conversation.key) else { return }
        index.committed([commit])
        reader.withLock { if $0.position != nil { $0.applied(ownCommitAt: position) } }
    }

    private func look(_ chance: inout Generator) async {
        let start = tick()
        let position = reader.withLock { $0.position }
        let look = feed.look(after: position, most: 3, epoch: store.epoch)
        // Held back, in which time loads and other looks go on.
        let most = chance.once(in: 8) ? 8000 : 400
        try? await Task.sleep(for: .microseconds(Int.random(in: 0...most, using: &chance)))
        let progress = reader.withLock { reader in
            reader.apply(look, to: index) { [feed] _, key -> FeedConversation? in feed.conversation(key) }
        }
        guard progress != .cut || fault == .cutLooksCount else { return }
        store.feedClock.looked(from: fault == .looksCountFromTheirEnd ? tick() : start)
    }
}
