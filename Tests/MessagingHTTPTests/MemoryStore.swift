import Messaging
import Synchronization

/// One conversation of alice and bob in memory: a store without a disk, for what only the service decides.
final class MemoryStore: MessageStore {
    let epoch = k3f9
    let cursorKey = CursorKey(random: 1, 2)
    let messages: [Message]
    let feedClock: FeedClock
    private let replica: (@Sendable () -> [Message]?)?
    private let talks: [Conversation]
    private let readCount = Atomic<Int>(0)

    /// - Parameter replica: called when a replica is asked for a page; what it has, or nil where it does not answer.
    init(
        _ talk: Conversation, messages: [Message], feedClock: FeedClock = .alone,
        replica: (@Sendable () -> [Message]?)? = nil
    ) {
        self.replica = replica
        self.messages = messages
        self.feedClock = feedClock
        talks = [talk]
    }

    /// How often it was read.
    var reads: Int { readCount.load(ordering: .relaxed) }

    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        readCount.add(1, ordering: .relaxed)
        return talks.first { talk in
            switch reference {
            case .id(let id): talk.id == id
            case .direct(let other): Set(talk.participants.map(\.user)) == [caller.user, other]
            }
        }
    }

    func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer {
        readCount.add(1, ordering: .relaxed)
        let found = messages.filter { message in slices.contains { $0.contains(message) } }
        return make(PackedMessages(found.prefix(bounds.countToRead)))
    }

    func messagesFromReplica<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ numbers: ClosedRange<Int64>, _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer?
    ) async -> Answer? {
        guard let found = replica?() else { return nil }
        return make(PackedMessages(found.filter { numbers.contains($0.n) }))
    }

    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        readCount.add(1, ordering: .relaxed)
        return 3
    }

    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        readCount.add(1, ordering: .relaxed)
        let mine = talks.compactMap { summary(of: $0, for: caller, embedded) }
        return make(ConversationPage(conversations: mine, latestChange: 3, position: 3, olderBefore: nil))
    }

    func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        readCount.add(1, ordering: .relaxed)
        return make(summary(of: conversation, for: caller, embedded))
    }

    private func summary(of talk: Conversation, for caller: Caller, _ embedded: PageBounds) -> ConversationSummary? {
        talk.marks(for: caller.user).map { marks in
            ConversationSummary(
                conversation: talk, participantCount: talk.participants.count,
                people: talk.participants.map { Person(id: $0.user) }, marks: marks, unread: 0,
                newest: PackedMessages(self.messages.suffix(max(embedded.count, 1))).newest(within: embedded),
                openedAt: noon, activity: 3, change: 3)
        }
    }

    func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        if draft.content.text == "Fire!" { throw .storeUnavailable("the disk is on fire") }
        guard let found = try await conversation(draft.conversation, of: draft.caller),
            found.marks(for: draft.caller.user) != nil
        else { throw .conversationNotFound }
        let n = Int64(messages.count) + 1
        let message = Message(
            n: n, sender: draft.caller.user, content: draft.content.text, sentAt: draft.sentAt,
            clientMessageID: draft.clientMessageID)
        let after = Conversation(id: found.id, key: found.key, lastN: n, participants: Array(found.participants))
        return SentMessage(conversation: after, message: message, replayed: draft.clientMessageID == "again")
    }

    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome {
        ReadOutcome(readUpTo: upTo ?? Int64(messages.count), unread: 0)
    }

    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {}

    func checkReadiness() async -> StoreFault? { .diskFull }
}
