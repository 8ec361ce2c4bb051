/// One entry of an imported or exported history.
public enum ImportRecord: Sendable, Equatable {
    /// The name and company of a user; they replace earlier ones.
    case person(Person, TenantID)
    /// A conversation with its participants; one that is there already must have the same.
    ///
    /// `pruning` says where its numbers begin: the first message gets the next one. `activity` is its place in lists: one with a
    /// greater number comes before it, and all without one come after it.
    case conversation(
        NewConversation, TenantID, openedAt: Timestamp, pruning: Pruning = .none, activity: Int64? = nil)
    /// A message with its own time; numbered in the order of the records.
    case message(ImportedMessage, TenantID)
    /// A read marker that moves to `upTo`, or to the last message so far where that is nil.
    case read(ConversationID, UserID, TenantID, upTo: Int64?)
}

/// A message of a history.
public struct ImportedMessage: Sendable, Equatable {
    /// Its conversation.
    public let conversation: ConversationID
    /// The sender.
    public let sender: UserID
    /// The text; nil where it was erased.
    public let content: MessageContent?
    /// When it was sent.
    public let sentAt: Timestamp
    /// The key it had; the same key again in the same conversation from the same sender is the same message.
    public let clientMessageID: String?

    /// Creates an imported message.
    public init(
        conversation: ConversationID, sender: UserID, content: MessageContent?, sentAt: Timestamp,
        clientMessageID: String?
    ) {
        self.conversation = conversation
        self.sender = sender
        self.content = content
        self.sentAt = sentAt
        self.clientMessageID = clientMessageID
    }
}

/// The pruned messages of a conversation.
public struct Pruning: Sendable, Equatable {
    /// The number of the last message that is gone; 0 where all are there.
    public let upTo: Int64
    /// The moment before which messages were pruned; nil where none were or that is not known.
    public let before: Timestamp?

    /// Nothing was pruned.
    public static let none = Pruning(upTo: 0, before: nil)

    /// Creates a pruning.
    public init(upTo: Int64, before: Timestamp?) {
        self.upTo = upTo
        self.before = before
    }
}
