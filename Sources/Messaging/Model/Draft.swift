/// A message on its way into the store.
public struct Draft: Sendable, Equatable {
    /// The sender.
    public let caller: Caller
    /// The destination.
    public let conversation: ConversationReference
    /// What the sender called the recipient, where that may be a conversation's id or a user's: a conversation of the sender's with this id
    /// comes before ``conversation``, which is the direct one with that user. Nil where the sender said which of the two it is.
    public let recipient: UserID?
    /// The text.
    public let content: MessageContent
    /// The sender's key for it, 1 to 255 bytes; a second draft with the same key in the same conversation is a retry.
    public let clientMessageID: String?
    /// The receivers that the sender named; a new conversation is opened with them.
    public let receivers: [UserID]
    /// Whether the sender may open a conversation.
    public var opening: NewConversation.Permission
    /// The moment to record.
    public let sentAt: Timestamp
    /// The id for a direct conversation, should one have to be made.
    public let newConversationID: ConversationID

    /// Creates a draft.
    public init(
        caller: Caller, conversation: ConversationReference, recipient: UserID? = nil, content: MessageContent,
        clientMessageID: String?, receivers: [UserID], opening: NewConversation.Permission, sentAt: Timestamp,
        newConversationID: ConversationID
    ) {
        self.caller = caller
        self.conversation = conversation
        self.recipient = recipient
        self.content = content
        self.clientMessageID = clientMessageID
        self.receivers = receivers
        self.opening = opening
        self.sentAt = sentAt
        self.newConversationID = newConversationID
    }
}

/// The result of sending a draft.
public struct SentMessage: Sendable, Equatable {
    /// The conversation with the message in it.
    public let conversation: Conversation
    /// The message; for a retry, the one that the first try made.
    public let message: Message
    /// Whether this was a retry.
    public let replayed: Bool
    /// Whether the conversation was opened with it.
    public let opened: Bool

    /// Creates a sent message.
    public init(conversation: Conversation, message: Message, replayed: Bool, opened: Bool = false) {
        self.conversation = conversation
        self.message = message
        self.replayed = replayed
        self.opened = opened
    }
}
