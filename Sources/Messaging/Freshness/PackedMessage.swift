/// A message in packed memory: valid only during the call that passes it.
public struct PackedMessage {
    /// Its number in the conversation.
    public let n: Int64
    /// The time at which the store received it.
    public let sentAt: Timestamp
    /// Identifies the sender within one pack: the same for all of a sender's messages, different for any other sender.
    public let author: Int
    /// The sender's id.
    public let sender: UnsafeRawBufferPointer
    /// The text in UTF-8.
    public let content: UnsafeRawBufferPointer
    /// Whether the text is known to be plain, as ``PlainText`` says.
    public let isPlain: Bool
    /// The sender's own key for it.
    public let clientMessageID: UnsafeRawBufferPointer?

    /// Refers to a message outside a pack, with its texts in UTF-8; the values that only a pack knows are not valid.
    public init(
        n: Int64, sentAt: Timestamp, sender: UnsafeRawBufferPointer, content: UnsafeRawBufferPointer,
        clientMessageID: UnsafeRawBufferPointer?
    ) {
        self.init(
            n: n, sentAt: sentAt, author: -1, sender: sender, content: content, isPlain: false,
            clientMessageID: clientMessageID)
    }

    init(
        n: Int64, sentAt: Timestamp, author: Int, sender: UnsafeRawBufferPointer, content: UnsafeRawBufferPointer,
        isPlain: Bool, clientMessageID: UnsafeRawBufferPointer?
    ) {
        self.n = n
        self.sentAt = sentAt
        self.author = author
        self.sender = sender
        self.content = content
        self.isPlain = isPlain
        self.clientMessageID = clientMessageID
    }

    /// A copy to keep.
    public var unpacked: Message {
        Message(
            n: n, sender: UserID(trusted: String(decoding: sender, as: UTF8.self)),
            content: String(decoding: content, as: UTF8.self), sentAt: sentAt,
            clientMessageID: clientMessageID.map { String(decoding: $0, as: UTF8.self) })
    }
}
