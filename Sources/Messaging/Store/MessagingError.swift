/// Everything that can go wrong between a well-formed request and its answer; the list is closed.
public enum MessagingError: Error, Equatable, Sendable {
    /// There is no such conversation, or the caller does not take part; the answer does not tell which.
    case conversationNotFound
    /// The conversation does not exist, and users may not open any here.
    case openingForbidden
    /// The conversation does not exist, and the caller has opened too many conversations recently.
    case openedTooOften
    /// The recipient's id names both a conversation of the sender and a user who shares a conversation with the sender.
    case ambiguousRecipient(UserID)
    /// The message is not valid; the text says what to change.
    case invalidMessage(String)
    /// The content is larger than `limit` bytes of UTF-8.
    case contentTooLarge(limit: Int)
    /// The sender used this key before, for other content.
    case idempotencyConflict
    /// The message to read up to is not one of this conversation.
    case invalidReadPosition
    /// Messages of the conversation were removed after its state was read, so that must be read again; nothing else was done.
    case messagesRemoved
    /// Too many requests wait for the store; nothing was stored.
    case overloaded
    /// The store cannot answer now: the disk is full, an I/O error occurred, or the store is closing. The text is for the log only.
    case storeUnavailable(String)
}
