/// How a caller names a conversation: by its id, or as the direct one with somebody (`@bob`).
package enum ConversationReference: Hashable, Sendable {
    /// The conversation with this id.
    case id(ConversationID)
    /// The one direct conversation between the caller and this user.
    case direct(with: UserID)

    /// What the caller wrote.
    package var text: String {
        switch self {
        case .id(let id): id.text
        case .direct(let user): "@\(user.text)"
        }
    }

    /// Reads a path segment after decoding; nil where it cannot name a conversation.
    package init?(_ text: String) {
        if text.utf8.first == UInt8(ascii: "@") {
            // By bytes: a Character would take along a combining mark that the user's id begins with.
            guard let user = UserID(String(Substring(text.utf8.dropFirst()))) else { return nil }
            self = .direct(with: user)
        } else {
            // URL parsers resolve these two segments away, so nobody could ask for such a conversation again.
            guard let id = ConversationID(text), text != ".", text != ".." else { return nil }
            self = .id(id)
        }
    }
}
