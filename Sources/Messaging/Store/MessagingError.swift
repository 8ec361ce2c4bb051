/// Everything that can go wrong between a well-formed request and its answer; the list is closed.
package enum MessagingError: Error, Equatable, Sendable {
    /// There is no such conversation, or the caller does not take part; the answer does not tell which.
    case conversationNotFound
    /// The conversation does not exist, and users may not open any here.
    case openingForbidden
    /// The conversation does not exist, and the caller has opened too many of late.
    case openedTooOften
    /// What the sender called the recipient is a conversation of theirs, and also a user who is in a conversation with them.
    case ambiguousRecipient(UserID)
    /// The message cannot be taken as it is; the sentence says what to change.
    case invalidMessage(String)
    /// The content is larger than `limit` bytes of UTF-8.
    case contentTooLarge(limit: Int)
    /// The sender used this key before, for other content.
    case idempotencyConflict
    /// The message to read up to is not one of this conversation.
    case invalidReadPosition
    /// More requests are waiting than the store will hold; nothing was taken.
    case overloaded
    /// The store cannot answer now: no room, an I/O error, or it is closing. The text is for the log only.
    case storeUnavailable(String)
}
