/// A message on its way into the store.
package struct Draft: Sendable, Equatable {
    /// The sender.
    package let caller: Caller
    /// The destination.
    package let conversation: ConversationReference
    /// What the sender called the recipient, where that may be a conversation's id or a user's: a conversation of the sender's with this id
    /// comes before ``conversation``, which is the direct one with that user. Nil where the sender said which of the two it is.
    package let recipient: UserID?
    /// The text.
    package let content: MessageContent
    /// The sender's key for it, 1 to 255 bytes; a second draft with the same key in the same conversation is a retry.
    package let clientMessageID: String?
    /// The receivers that the sender named; a new conversation is opened with them.
    package let receivers: [UserID]
    /// Whether the sender may open a conversation.
    package var opening: NewConversation.Permission
    /// The moment to record.
    package let sentAt: Timestamp
    /// The id for a direct conversation, should one have to be made.
    package let newConversationID: ConversationID

    package init(
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
package struct SentMessage: Sendable, Equatable {
    /// The conversation with the message in it.
    package let conversation: Conversation
    /// The message; for a retry, the one that the first try made.
    package let message: Message
    /// Whether this was a retry.
    package let replayed: Bool
    /// Whether the conversation was opened with it.
    package let opened: Bool

    package init(conversation: Conversation, message: Message, replayed: Bool, opened: Bool = false) {
        self.conversation = conversation
        self.message = message
        self.replayed = replayed
        self.opened = opened
    }
}
