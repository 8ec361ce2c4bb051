import Messaging
import StoreTestSupport
import Synchronization
import Testing

/// For each rule of the feed one history, step by step, in which that rule alone keeps a node from a stale answer.
struct RulesTests {
    @Test(
        "Without any one of the rules a node answers as if an answered message were not there",
        arguments: NodeFault.allCases)
    func rule(_ fault: NodeFault) async throws {
        #expect(try await !isStale(after: fault, isFaulty: false), "with all rules")
        #expect(try await isStale(after: fault, isFaulty: true), "without this one")
    }

    /// Whether the node answers from memory, with less than what was answered to a sender before.
    private func isStale(after fault: NodeFault, isFaulty: Bool) async throws -> Bool {
        let stage = try await Stage(fault: isFaulty ? fault : nil)
        defer { stage.store.close() }
        let answered: Int64
        switch fault {
        case .noDelay:
            stage.look()
            stage.pass(5)
            answered = try await stage.send()
        case .looksCountFromTheirEnd:
            let look = stage.beginLook()
            stage.pass(5)
            answered = try await stage.send()
            stage.pass(until: answered - 1)
            stage.end(look)
        case .clockIgnored:
            stage.look()
            stage.pass(5)
            answered = try await stage.send()
        case .cutLooksCount:
            for _ in 0..<Stage.mostRows { try await stage.send() }
            answered = try await stage.send()
            stage.pass(until: answered - 5)
            stage.look()
        case .ownMessagesAtOnce:
            answered = try await stage.send()
            try await stage.sendHere(to: stage.second)
            stage.pass(until: answered - 5)
            stage.look()
        case .rowsOutOfOrder:
            if isFaulty { stage.feed.holdNext() }
            try await stage.send()
            try await stage.send(to: stage.second)
            stage.look()
            stage.feed.end()
            answered = stage.now + Stage.bound
            stage.pass(until: answered - 5)
            stage.look()
        case .oldLoads:
            answered = try await stage.send()
            stage.pass(until: answered - 5)
            stage.look()
            stage.index.reset()
            try await stage.load()
        }
        stage.pass(until: answered + 1)
        return stage.isStale
    }
}

/// A node whose looks and clock a test moves. Its memory has two conversations with one message each.
private final class Stage: Sendable {
    static let bound: Int64 = 20
    static let mostRows = 2

    let feed = SharedFeed(seed: 1)
    let index = FreshnessIndex(capacity: 10)
    let store: any Store
    let first = ConversationID(trusted: "first")
    let second = ConversationID(trusted: "second")

    private let fault: NodeFault?
    private let home: StoreHome
    private let clock: FeedClock
    private let moment: Moment
    private let node: NodeStore
    private let reader = Mutex(FeedReader(mostRows: mostRows))
    private let lastSent = Atomic<Int64>(1)

    private final class Moment: Sendable {
        let time = Atomic<Int64>(1000)
    }

    init(fault: NodeFault?) async throws {
        self.fault = fault
        home = try StoreHome(.sqlite)
        store = try home.open(observer: feed)
        let moment = Moment()
        self.moment = moment
        let now = { @Sendable in moment.time.load(ordering: .sequentiallyConsistent) }
        clock =
            fault == .clockIgnored
            ? .alone : FeedClock(bound: Self.bound, now: now, wanted: {}, pause: { try? await Task.sleep(for: $0) })
        node = NodeStore(
            store: SlowStore(store: store), feedClock: clock, writes: SharedWrites(feed, delay: 0, now: now),
            former: fault == .oldLoads ? FormerLoads() : nil)
        for id in [first, second] {
            _ = try await store.send(draft(alice, to: .id(id), receivers: [bob], new: id.text))
        }
        clock.leaseGranted(from: now() - 1, until: .max)
        look()
        try await load()
    }

    var now: Int64 { moment.time.load(ordering: .sequentiallyConsistent) }

    func pass(_ time: Int64) { moment.time.add(time, ordering: .sequentiallyConsistent) }

    func pass(until moment: Int64) { pass(max(moment - now, 0)) }

    /// Sends a message at another node; returns when its sender is answered.
    @discardableResult
    func send(to id: ConversationID? = nil) async throws -> Int64 {
        let sent = try await store.send(draft(alice, to: .id(id ?? first)))
        if id == nil { lastSent.store(sent.message.n, ordering: .sequentiallyConsistent) }
        return now + (fault == .noDelay ? 0 : Self.bound)
    }

    /// Sends a message at this node.
    func sendHere(to id: ConversationID) async throws {
        let sent = try await store.send(draft(alice, to: .id(id)))
        guard fault == .ownMessagesAtOnce else { return }
        let (commit, position) = try #require(feed.commit(of: sent.message.n, in: sent.conversation.key))
        index.committed([commit])
        reader.withLock { $0.applied(ownCommitAt: position) }
    }

    /// Loads the conversations into memory.
    func load() async throws {
        for id in [first, second] {
            _ = try await index.conversation(.id(id), of: caller(alice), from: node)
        }
    }

    func beginLook() -> (start: Int64, FeedLook) {
        let look = feed.look(after: reader.withLock { $0.position }, most: Self.mostRows, epoch: store.epoch)
        return (now, look)
    }

    func end(_ begun: (start: Int64, FeedLook)) {
        let progress = reader.withLock { reader in
            reader.apply(begun.1, to: index) { [feed] _, key -> FeedConversation? in feed.conversation(key) }
        }
        guard progress != .cut || fault == .cutLooksCount else { return }
        clock.looked(from: fault == .looksCountFromTheirEnd ? now : begun.start)
    }

    /// A look that takes no time.
    func look() { end(beginLook()) }

    var isStale: Bool {
        guard clock.mayAnswer, let known = index.conversation(.id(first), of: caller(alice)) else { return false }
        return known.lastN < lastSent.load(ordering: .sequentiallyConsistent)
    }
}
