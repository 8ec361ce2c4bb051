/// One message as it is stored: the same for everybody who may see it.
public struct Message: Sendable, Equatable {
    /// Its number in the conversation: 1, 2, 3 … without gaps, in commit order.
    public let n: Int64
    /// Who wrote it.
    public let sender: UserID
    /// The text, byte for byte as it was sent; never with U+0000.
    public let content: String
    /// When the store took it.
    public let sentAt: Timestamp
    /// The sender's own key for it, which makes a retry harmless.
    public let clientMessageID: String?

    /// Puts a message together.
    public init(n: Int64, sender: UserID, content: String, sentAt: Timestamp, clientMessageID: String?) {
        self.n = n
        self.sender = sender
        self.content = content
        self.sentAt = sentAt
        self.clientMessageID = clientMessageID
    }
}
