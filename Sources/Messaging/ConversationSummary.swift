/// A conversation as an entry of its participants' lists.
public struct ConversationSummary: Sendable, Equatable {
    /// The conversation itself.
    public let conversation: Conversation
    /// What is known of its participants, in their order.
    public let people: [Person]
    /// How many messages by others come after the caller's read marker.
    public let unread: Int64
    /// Its newest messages, oldest first: as many as asked for, and at least the last one where there is one.
    public let newest: PackedMessages
    /// When it was opened.
    public let openedAt: Timestamp

    /// Puts a summary together.
    public init(
        conversation: Conversation, people: [Person], unread: Int64, newest: PackedMessages, openedAt: Timestamp
    ) {
        self.conversation = conversation
        self.people = people
        self.unread = unread
        self.newest = newest
        self.openedAt = openedAt
    }
}
