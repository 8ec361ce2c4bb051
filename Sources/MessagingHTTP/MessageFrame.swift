import Messaging

/// What is the same in all messages of one sender that a viewer sees in a conversation, written once for all of them.
struct MessageFrame {
    let sender: UserID
    /// Whether the viewer is the sender.
    let sent: Bool
    /// From the beginning to the number in `id`.
    let beforeNumber: [UInt8]
    /// From there to the content.
    let beforeContent: [UInt8]

    init(of sender: UserID, in conversation: Conversation, for viewer: UserID) {
        self.sender = sender
        sent = sender == viewer
        var json = JSONWriter(capacity: 64)
        json.raw("{\"id\":\"")
        json.stringContent(conversation.id.text)
        json.raw(":")
        beforeNumber = json.bytes
        json = JSONWriter(capacity: 256)
        json.raw("\",\"conversationId\":")
        json.string(conversation.id.text)
        json.raw(",\"senderId\":")
        json.string(sender.text)
        json.raw(",\"receiverId\":")
        if let receiver = conversation.receiver(of: sender) { json.string(receiver.text) } else { json.raw("null") }
        json.raw(",\"content\":")
        beforeContent = json.bytes
    }
}
