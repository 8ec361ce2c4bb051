/// One message as it is stored: the same for all participants.
public struct Message: Sendable, Equatable {
    /// Its number in the conversation: 1, 2, 3 … without gaps, in commit order.
    public let n: Int64
    /// The sender.
    public let sender: UserID
    /// The text, byte for byte as it was sent; never with U+0000.
    public let content: String
    /// The time at which the store received it.
    public let sentAt: Timestamp
    /// The sender's own key for it, which makes a retry harmless.
    public let clientMessageID: String?

    /// Creates a message.
    public init(n: Int64, sender: UserID, content: String, sentAt: Timestamp, clientMessageID: String?) {
        self.n = n
        self.sender = sender
        self.content = content
        self.sentAt = sentAt
        self.clientMessageID = clientMessageID
    }
}

/// The public id of a message: `{conversationId}:{n}`.
public struct MessageID: Equatable, Sendable {
    /// The conversation it belongs to.
    public let conversation: ConversationID
    /// Its number there, from 1.
    public let n: Int64

    /// Creates a message id.
    public init(conversation: ConversationID, n: Int64) {
        self.conversation = conversation
        self.n = n
    }

    /// The id as it goes over the wire.
    public var text: String { "\(conversation.text):\(n)" }

    /// Reads the id of a message of any conversation; nil for any other text.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let conversation = ConversationID(String(text[..<colon]))
        else { return nil }
        self.init(text, in: conversation)
    }

    /// Reads the id of a message of this conversation; nil for any other text.
    public init?(_ text: String, in conversation: ConversationID) {
        let utf8 = text.utf8
        let prefix = conversation.text.utf8
        guard utf8.count > prefix.count + 1, utf8.starts(with: prefix),
            utf8[utf8.index(utf8.startIndex, offsetBy: prefix.count)] == UInt8(ascii: ":"),
            let n = DecimalNumber.parse(utf8.dropFirst(prefix.count + 1)), n > 0
        else { return nil }
        self.init(conversation: conversation, n: n)
    }
}

/// The text of a message that may be sent.
public struct MessageContent: Equatable, Sendable {
    /// The text, byte for byte.
    public let text: String

    /// The default limit: 16 KiB of UTF-8.
    public static let defaultLimit = 16 * 1024

    /// Takes a text of at most `limit` bytes of UTF-8 in which there is something to see.
    ///
    /// U+0000 is refused because SQLite's text functions end at it, so it would not come back.
    ///
    /// - Throws: ``MessagingError/contentTooLarge(limit:)`` or ``MessagingError/invalidMessage(_:)``.
    public init(_ text: String, limit: Int = defaultLimit) throws(MessagingError) {
        guard text.utf8.count <= limit else { throw .contentTooLarge(limit: limit) }
        try self.init(text, isBlank: text.isBlank)
    }

    /// Takes a text of a history, of any length. Unlike one that is sent now, it may consist of invisible characters other than white
    /// space: earlier versions and other systems have stored such messages.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)``.
    public init(history text: String) throws(MessagingError) {
        try self.init(text, isBlank: text.unicodeScalars.allSatisfy(\.properties.isWhitespace))
    }

    private init(_ text: String, isBlank: Bool) throws(MessagingError) {
        guard !text.utf8.contains(0) else { throw .invalidMessage("The content must not contain U+0000.") }
        guard !isBlank else { throw .invalidMessage("The content must not be empty or blank.") }
        self.text = text
    }
}
