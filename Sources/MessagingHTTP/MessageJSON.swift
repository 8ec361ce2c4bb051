import Messaging

extension JSONWriter {
    /// Appends a message as a viewer sees it.
    ///
    /// - Parameter marks: the viewer's marks, which decide `read`.
    mutating func message(_ message: Message, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks) {
        self.message(message, MessageFrame(of: message.sender, in: conversation, for: viewer), marks)
    }

    /// Appends messages as an array.
    mutating func messages(
        _ messages: some Collection<Message>, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks
    ) {
        raw("[")
        var frames: [MessageFrame] = []
        for message in messages {
            var place = frames.firstIndex { $0.sender == message.sender }
            if place == nil {
                frames.append(MessageFrame(of: message.sender, in: conversation, for: viewer))
                place = frames.count - 1
            }
            self.message(message, frames[place ?? 0], marks)
            raw(",")
        }
        if !messages.isEmpty { dropLast() }
        raw("]")
    }

    /// Appends a moment as a string.
    mutating func timestamp(_ timestamp: Timestamp) {
        quoted { timestamp.appendRFC3339(to: &$0) }
    }

    private mutating func message(_ message: Message, _ frame: MessageFrame, _ marks: ReadMarks) {
        raw(frame.beforeNumber)
        number(message.n)
        raw(frame.beforeContent)
        string(message.content)
        raw(",\"timestamp\":")
        timestamp(message.sentAt)
        switch (marks.isRead(message.n, writtenByViewer: frame.sent), frame.sent) {
        case (true, true): raw(",\"read\":true,\"sent\":true")
        case (true, false): raw(",\"read\":true,\"sent\":false")
        case (false, true): raw(",\"read\":false,\"sent\":true")
        case (false, false): raw(",\"read\":false,\"sent\":false")
        }
        if let key = message.clientMessageID {
            raw(",\"clientMessageId\":")
            string(key)
        }
        raw("}")
    }
}
