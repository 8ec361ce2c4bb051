import Messaging

extension JSONWriter {
    /// Appends a message as a viewer sees it.
    ///
    /// - Parameter marks: the viewer's marks, which decide `read`.
    mutating func message(_ message: Message, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks) {
        var array = JSONWriter()
        array.messages(PackedMessages([message]), in: conversation, for: viewer, marks)
        raw(array.bytes.dropFirst().dropLast())
    }

    /// Appends messages as an array.
    mutating func messages(
        _ messages: PackedMessages, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks
    ) {
        MessageArray(messages, in: conversation, for: viewer, marks).write(to: &self)
    }
}
