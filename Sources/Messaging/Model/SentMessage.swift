/// What came of a draft.
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
