import Messaging
import Synchronization

/// A place where a read waits until the test lets it go on.
struct Gate: Sendable {
    private let arrivals = AsyncStream.makeStream(of: Void.self)
    private let departures = AsyncStream.makeStream(of: Void.self)

    func pass() async {
        arrivals.continuation.yield()
        for await _ in departures.stream { return }
    }

    func arrival() async {
        for await _ in arrivals.stream { return }
    }

    func open() {
        departures.continuation.yield()
    }
}

/// A store whose reads can be held up between the snapshot they read and the answer they give.
final class HeldStore: MessageStore {
    struct State {
        var conversations: [ConversationReference: Conversation] = [:]
        var change: Int64 = 0
        var reads = 0
        var gate: Gate?
        var fails = false
    }

    let epoch = k3f9
    let cursorKey = CursorKey(random: 1, 2)
    let state = Mutex(State())

    var reads: Int { state.withLock(\.reads) }

    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        try await read { $0.conversations[reference] }
    }

    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        try await read(\.change)
    }

    func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer {
        throw unused
    }

    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        throw unused
    }

    func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        throw unused
    }

    func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        throw unused
    }

    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome {
        throw unused
    }

    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        throw unused
    }

    func checkReadiness() async -> StoreFault? { nil }

    private var unused: MessagingError { .storeUnavailable("no test asks for this") }

    private func read<Value: Sendable>(_ value: (State) -> Value) async throws(MessagingError) -> Value {
        let (snapshot, gate, fails) = state.withLock { state in
            state.reads += 1
            return (value(state), state.gate, state.fails)
        }
        await gate?.pass()
        if fails { throw .storeUnavailable("told to fail") }
        return snapshot
    }
}
