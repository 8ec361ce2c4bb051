import Messaging
import Synchronization

/// Remembers what was loaded: a load is given what the one before it found, as if commits since then had not overtaken it.
final class FormerLoads: Sendable {
    private let conversations = Mutex<[Caller: [Int64: Conversation]]>([:])
    private let changes = Mutex<[Caller: Int64]>([:])

    func swap(_ conversation: Conversation, of caller: Caller) -> Conversation {
        conversations.withLock { $0[caller, default: [:]].updateValue(conversation, forKey: conversation.key) }
            ?? conversation
    }

    func swap(_ change: Int64, of caller: Caller) -> Int64 {
        changes.withLock { $0.updateValue(change, forKey: caller) } ?? change
    }
}

/// The store as one node has it: a database that other nodes write to as well.
final class NodeStore: MessageStore {
    let store: SlowStore
    let feedClock: FeedClock
    let writes: SharedWrites
    private let former: FormerLoads?
    private let sent = Mutex<(@Sendable (SentMessage) -> Void)?>(nil)

    init(store: SlowStore, feedClock: FeedClock, writes: SharedWrites, former: FormerLoads?) {
        self.store = store
        self.feedClock = feedClock
        self.writes = writes
        self.former = former
    }

    /// Has each message that is sent here told of, once it is stored.
    func observe(_ sent: @escaping @Sendable (SentMessage) -> Void) { self.sent.withLock { $0 = sent } }

    var epoch: Epoch { store.epoch }
    var cursorKey: CursorKey { store.cursorKey }

    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        let conversation = try await store.conversation(reference, of: caller)
        await writes.settle()
        return conversation.map { former?.swap($0, of: caller) ?? $0 }
    }

    func conversation(
        _ reference: ConversationReference, of caller: Caller, _ bounds: PageBounds, newest: @escaping NewestMessages
    ) async throws(MessagingError) -> Conversation? {
        let conversation = try await store.conversation(reference, of: caller, bounds, newest: newest)
        await writes.settle()
        return conversation.map { former?.swap($0, of: caller) ?? $0 }
    }

    func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer {
        try await store.messages(in: conversation, of: tenant, slices, bounds, make: make)
    }

    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        let change = try await store.latestChange(for: caller)
        await writes.settle()
        return former?.swap(change, of: caller) ?? change
    }

    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        let page = try await store.conversations(
            of: caller, window, bounds, embedded: embedded, newest: newest, make: { $0 })
        await writes.settle()
        return make(page)
    }

    func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        let summary = try await store.summary(
            of: conversation, for: caller, embedded: embedded, newest: newest, make: { $0 })
        await writes.settle()
        return make(summary)
    }

    func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        try await writes.perform { () throws(MessagingError) in
            let message = try await store.send(draft)
            sent.withLock { $0 }?(message)
            return message
        }
    }

    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome {
        try await writes.perform { () throws(MessagingError) in
            try await store.markRead(conversation, upTo: upTo, by: caller)
        }
    }

    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        try await writes.perform { () throws(MessagingError) in try await store.setPerson(person, tenant: tenant) }
    }

    func checkReadiness() async -> StoreFault? { await store.checkReadiness() }
}

/// The writes of all nodes: each is answered D after its commit.
final class SharedWrites: Sendable {
    private struct State {
        var running: Set<Int> = []
        var last = 0
        var held: AnswerDelay<CheckedContinuation<Void, Never>>
    }

    private let state: Mutex<State>
    private let feed: SharedFeed
    private let now: @Sendable () -> Int64

    init(_ feed: SharedFeed, delay: Int64, now: @escaping @Sendable () -> Int64) {
        state = Mutex(State(held: AnswerDelay(delay: delay)))
        self.feed = feed
        self.now = now
    }

    func perform<Done>(_ write: () async throws(MessagingError) -> Done) async throws(MessagingError) -> Done {
        let number = state.withLock { state in
            state.last += 1
            state.running.insert(state.last)
            return state.last
        }
        let result: Result<Done, MessagingError>
        do {
            result = .success(try await write())
        } catch {
            result = .failure(error)
        }
        while feed.isHolding { await Task.yield() }
        state.withLock { _ = $0.running.remove(number) }
        await withCheckedContinuation { continuation in
            state.withLock { $0.held.hold(continuation, committedBy: now()) }
        }
        return try result.get()
    }

    /// Waits until the feed has whatever a read that has just ended may have seen. In a database, a commit and its row of the feed become
    /// visible at the same moment.
    func settle() async {
        let running = state.withLock { $0.running }
        while !state.withLock({ $0.running.isDisjoint(with: running) }) { await Task.yield() }
    }

    /// Whether there are writes that are not answered yet.
    var hasHeld: Bool { state.withLock { $0.held.count > 0 } }

    /// Answers the writes that are due.
    func answer() {
        let due = state.withLock { $0.held.takeDue(at: now()) }
        for continuation in due { continuation.resume() }
    }
}
