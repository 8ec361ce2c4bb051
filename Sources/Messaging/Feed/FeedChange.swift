/// A conversation as a row of the feed names it.
public struct FeedConversation: Sendable, Equatable {
    /// The namespace of the ids below.
    public let tenant: TenantID
    /// The store's own handle for it; 0 where the node that wrote the row did not know it yet.
    public let key: Int64
    /// Its id within the tenant.
    public let id: ConversationID
    /// All participants, each once, ordered by user id; nil where they are too many for a row. They never change, so any read of them is
    /// as good.
    public let participants: [UserID]?

    /// Creates a conversation of the feed.
    public init(tenant: TenantID, key: Int64, id: ConversationID, participants: [UserID]?) {
        self.tenant = tenant
        self.key = key
        self.id = id
        self.participants = participants
    }
}

/// One change in a row of the feed, as the node that made it knew it before the store had numbered it; ``FeedRow`` has the numbers.
public enum FeedChange: Sendable, Equatable {
    /// A message that was to be stored.
    case message(FeedConversation, FeedMessage)
    /// A read marker that was to move.
    case mark(FeedConversation, reader: UserID)
    /// A conversation was opened.
    case opened(FeedConversation)
    /// A step of a renaming: conversations of this tenant show another name.
    case renamed(TenantID)
    /// A step of a removal: messages of conversations of this tenant, or their contents, are gone.
    case removed(TenantID)
    /// Anything else: everything in memory may have changed, as after an import.
    case everything
}

/// A message in a row of the feed.
public struct FeedMessage: Sendable, Equatable {
    /// The sender.
    public let sender: UserID
    /// The time at which the store received it.
    public let sentAt: Timestamp
    /// The sender's own key for it.
    public let clientMessageID: String?
    /// The text; nil where it is too large for a row.
    public let content: String?

    /// Creates a message of the feed.
    public init(sender: UserID, sentAt: Timestamp, clientMessageID: String?, content: String?) {
        self.sender = sender
        self.sentAt = sentAt
        self.clientMessageID = clientMessageID
        self.content = content
    }
}
