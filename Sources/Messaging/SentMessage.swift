/// What came of a draft.
public struct SentMessage: Sendable, Equatable {
    /// The conversation with the message in it.
    public let conversation: Conversation
    /// The message; for a retry, the one that the first try made.
    public let message: Message
    /// Whether this was a retry.
    public let replayed: Bool

    /// Puts an outcome together.
    public init(conversation: Conversation, message: Message, replayed: Bool) {
        self.conversation = conversation
        self.message = message
        self.replayed = replayed
    }
}
