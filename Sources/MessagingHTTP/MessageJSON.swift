import Messaging

extension JSONWriter {
    /// Appends a message as a viewer sees it.
    ///
    /// - Parameter marks: the viewer's marks, which decide `read`.
    mutating func message(_ message: Message, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks) {
        messages(PackedMessages([message]), in: conversation, for: viewer, marks, separator: "")
    }

    /// Appends messages as an array.
    mutating func messages(
        _ messages: PackedMessages, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks
    ) {
        raw("[")
        self.messages(messages, in: conversation, for: viewer, marks, separator: ",")
        if !messages.isEmpty { dropLast() }
        raw("]")
    }

    /// Appends messages, each followed by the separator, in one go: there are hundreds of thousands of them in a second.
    private mutating func messages(
        _ messages: PackedMessages, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks,
        separator: StaticString
    ) {
        var frames = MessageFrames(in: conversation, for: viewer)
        var size = 0
        messages.visit { message in
            frames.add(message)
            size += JSONText(message.content, isPlain: message.isPlain).size
            if let key = message.clientMessageID { size += JSONText(key).size }
        }
        // What stands around the texts has fewer than 150 bytes.
        size += messages.count * (frames.longest + 150)
        frames.withEach { frame in
            append(atMost: size) { json in
                messages.visit { message in
                    json.message(message, frame(message), marks)
                    json.raw(separator)
                }
            }
        }
    }
}

extension JSONCursor {
    fileprivate mutating func message(_ message: PackedMessage, _ frame: MessageFrame, _ marks: ReadMarks) {
        raw(frame.beforeNumber)
        number(message.n)
        raw(frame.beforeContent)
        string(JSONText(message.content, isPlain: message.isPlain))
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
            string(JSONText(key))
        }
        raw("}")
    }
}
