/// What came of a draft.
public struct SentMessage: Sendable, Equatable {
    /// The conversation with the message in it.
    public let conversation: Conversation
    /// The message; for a retry, the one that the first try made.
    public let message: Message
    /// Whether this was a retry.
    public let replayed: Bool
    /// Whether the conversation was opened with it.
    public let opened: Bool

    /// Puts an outcome together.
    public init(conversation: Conversation, message: Message, replayed: Bool, opened: Bool = false) {
        self.conversation = conversation
        self.message = message
        self.replayed = replayed
        self.opened = opened
    }
}
