/// How a caller names a conversation: by its id, or as the direct one with somebody (`@bob`).
public enum ConversationReference: Hashable, Sendable {
    /// The conversation with this id.
    case id(ConversationID)
    /// The one direct conversation between the caller and this user.
    case direct(with: UserID)

    /// Reads a path segment after decoding; nil where it cannot name a conversation.
    public init?(_ text: String) {
        if text.utf8.first == UInt8(ascii: "@") {
            guard let user = UserID(String(text.dropFirst())) else { return nil }
            self = .direct(with: user)
        } else {
            // URL parsers resolve these two segments away, so nobody could ask for such a conversation again.
            guard let id = ConversationID(text), text != ".", text != ".." else { return nil }
            self = .id(id)
        }
    }
}
