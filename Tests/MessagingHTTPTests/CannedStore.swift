import Messaging

/// A store of one conversation that is the same for ever: for whoever wants to see the shape of every answer.
struct CannedStore: MessageStore {
    let epoch = Epoch(random: 0)
    let cursorKey = CursorKey(random: 1, 2)
    private let talk: Conversation
    private let first: Message

    init(of user: UserID, with other: UserID, in id: ConversationID) {
        talk = Conversation(
            id: id, key: 1, lastN: 1,
            participants: [Conversation.Participant(user: user), Conversation.Participant(user: other)])
        first = Message(
            n: 1, sender: user, content: "Hello!", sentAt: Timestamp(milliseconds: 0), clientMessageID: "key")
    }

    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        reference == .id(talk.id) ? talk : nil
    }

    func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer { make(PackedMessages([first])) }

    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 { 1 }

    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        make(ConversationPage(conversations: [summary], latestChange: 1, position: 1, olderBefore: nil))
    }

    func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        make(summary)
    }

    private var summary: ConversationSummary {
        ConversationSummary(
            conversation: talk, participantCount: 2,
            people: talk.participants.map { Person(id: $0.user, name: nil, company: nil) },
            marks: ReadMarks(latest: 1, othersReadUpTo: 0, viewerReadUpTo: 0), unread: 0,
            newest: PackedMessages([first]),
            openedAt: first.sentAt, activity: 1, change: 1)
    }

    func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        guard draft.conversation == .id(talk.id) else { throw .overloaded }
        return SentMessage(conversation: talk, message: first, replayed: true)
    }

    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome { ReadOutcome(readUpTo: 1, unread: 0) }

    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {}

    func checkReadiness() async -> StoreFault? { nil }
}
