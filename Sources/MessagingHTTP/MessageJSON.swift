import Messaging

extension JSONWriter {
    /// Appends a message as a viewer sees it.
    ///
    /// - Parameter marks: the viewer's marks, which decide `read`.
    mutating func message(_ message: Message, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks) {
        let sent = message.sender == viewer
        raw("{\"id\":\"")
        stringContent(conversation.id.text)
        raw(":")
        number(message.n)
        raw("\",\"conversationId\":")
        string(conversation.id.text)
        raw(",\"senderId\":")
        string(message.sender.text)
        raw(",\"receiverId\":")
        if let receiver = conversation.receiver(of: message.sender) { string(receiver.text) } else { raw("null") }
        raw(",\"content\":")
        string(message.content)
        raw(",\"timestamp\":")
        timestamp(message.sentAt)
        raw(",\"read\":")
        bool(marks.isRead(message.n, writtenByViewer: sent))
        raw(",\"sent\":")
        bool(sent)
        if let key = message.clientMessageID {
            raw(",\"clientMessageId\":")
            string(key)
        }
        raw("}")
    }

    /// Appends messages as an array.
    mutating func messages(
        _ messages: [Message], in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks
    ) {
        raw("[")
        for (place, message) in messages.enumerated() {
            if place > 0 { raw(",") }
            self.message(message, in: conversation, for: viewer, marks)
        }
        raw("]")
    }

    /// Appends a moment as a string.
    mutating func timestamp(_ timestamp: Timestamp) {
        quoted { timestamp.appendRFC3339(to: &$0) }
    }
}
