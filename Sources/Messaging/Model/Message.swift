/// One message as it is stored: the same for everybody who may see it.
package struct Message: Sendable, Equatable {
    /// Its number in the conversation: 1, 2, 3 … without gaps, in commit order.
    package let n: Int64
    /// Who wrote it.
    package let sender: UserID
    /// The text, byte for byte as it was sent; never with U+0000.
    package let content: String
    /// When the store took it.
    package let sentAt: Timestamp
    /// The sender's own key for it, which makes a retry harmless.
    package let clientMessageID: String?

    package init(n: Int64, sender: UserID, content: String, sentAt: Timestamp, clientMessageID: String?) {
        self.n = n
        self.sender = sender
        self.content = content
        self.sentAt = sentAt
        self.clientMessageID = clientMessageID
    }
}
