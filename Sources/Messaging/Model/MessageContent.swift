/// The text of a message that may be sent.
package struct MessageContent: Equatable, Sendable {
    /// The text, byte for byte.
    package let text: String

    /// The default limit: 16 KiB of UTF-8.
    package static let defaultLimit = 16 * 1024

    /// Takes a text of at most `limit` bytes of UTF-8 in which there is something to see.
    ///
    /// U+0000 is refused because SQLite's text functions end at it, so it would not come back.
    ///
    /// - Throws: ``MessagingError/contentTooLarge(limit:)`` or ``MessagingError/invalidMessage(_:)``.
    package init(_ text: String, limit: Int = defaultLimit) throws(MessagingError) {
        guard text.utf8.count <= limit else { throw .contentTooLarge(limit: limit) }
        try self.init(text, isBlank: text.isBlank)
    }

    /// Takes a text of a history, of any length. Unlike one that is sent now, it may consist of invisible characters other than white
    /// space: earlier versions and other systems have stored such messages.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)``.
    package init(history text: String) throws(MessagingError) {
        try self.init(text, isBlank: text.unicodeScalars.allSatisfy(\.properties.isWhitespace))
    }

    private init(_ text: String, isBlank: Bool) throws(MessagingError) {
        guard !text.utf8.contains(0) else { throw .invalidMessage("The content must not contain U+0000.") }
        guard !isBlank else { throw .invalidMessage("The content must not be empty or blank.") }
        self.text = text
    }
}
