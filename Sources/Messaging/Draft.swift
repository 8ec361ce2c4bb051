/// A message on its way into the store.
public struct Draft: Sendable, Equatable {
    /// The sender.
    public let caller: Caller
    /// Where to.
    public let conversation: ConversationReference
    /// The text.
    public let content: MessageContent
    /// The sender's key for it, 1 to 255 bytes; a second draft with the same key in the same conversation is a retry.
    public let clientMessageID: String?
    /// Whom the sender named as receivers; they are who an unknown conversation is opened with.
    public let receivers: [UserID]
    /// Whether the sender may open a conversation.
    public var opening: Opening.Permission
    /// The moment to record.
    public let sentAt: Timestamp
    /// The id for a direct conversation, should one have to be made.
    public let newConversationID: ConversationID

    /// Puts a draft together.
    public init(
        caller: Caller, conversation: ConversationReference, content: MessageContent, clientMessageID: String?,
        receivers: [UserID], opening: Opening.Permission, sentAt: Timestamp, newConversationID: ConversationID
    ) {
        self.caller = caller
        self.conversation = conversation
        self.content = content
        self.clientMessageID = clientMessageID
        self.receivers = receivers
        self.opening = opening
        self.sentAt = sentAt
        self.newConversationID = newConversationID
    }
}
