/// The public id of a message: `{conversationId}:{n}`.
package struct MessageID: Equatable, Sendable {
    /// The conversation it belongs to.
    package let conversation: ConversationID
    /// Its number there, from 1.
    package let n: Int64

    package init(conversation: ConversationID, n: Int64) {
        self.conversation = conversation
        self.n = n
    }

    /// The id as it goes over the wire.
    package var text: String { "\(conversation.text):\(n)" }

    /// Reads the id of a message of this conversation; nil for any other text.
    package init?(_ text: String, in conversation: ConversationID) {
        let utf8 = text.utf8
        let prefix = conversation.text.utf8
        guard utf8.count > prefix.count + 1, utf8.starts(with: prefix),
            utf8[utf8.index(utf8.startIndex, offsetBy: prefix.count)] == UInt8(ascii: ":"),
            let n = DecimalNumber.parse(utf8.dropFirst(prefix.count + 1)), n > 0
        else { return nil }
        self.init(conversation: conversation, n: n)
    }
}
