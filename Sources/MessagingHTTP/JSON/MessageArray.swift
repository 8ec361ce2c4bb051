import Messaging

/// Messages as an array in JSON: how large it is, and which of them fit.
struct MessageArray {
    let messages: PackedMessages
    private let marks: ReadMarks
    private let frames: MessageFrames
    /// The most bytes that it has; seldom many more than it has.
    private let mostSize: Int

    init(_ messages: PackedMessages, in conversation: Conversation, for viewer: UserID, _ marks: ReadMarks) {
        var frames = MessageFrames(in: conversation, for: viewer)
        var size = 2
        messages.visit { message in
            frames.add(message)
            size += JSONText(message.content, isPlain: message.isPlain).size
            if let key = message.clientMessageID { size += JSONText(key).size }
        }
        self.messages = messages
        self.marks = marks
        self.frames = frames
        mostSize = size + messages.count * (frames.longest + UnsafeJSONWriter.mostAroundTexts)
    }

    private init(_ messages: PackedMessages, of array: MessageArray, mostSize: Int? = nil) {
        self.messages = messages
        marks = array.marks
        frames = array.frames
        self.mostSize = mostSize ?? array.mostSize
    }

    /// As many of them as the bounds allow, at least one where there is one.
    func cut(to bounds: PageBounds) -> MessageArray {
        let counted = bounds.kept == .oldest ? messages.prefix(bounds.count) : messages.suffix(bounds.count)
        guard mostSize > bounds.bytes else { return MessageArray(counted, of: self) }
        let sizes = sizes(of: counted)
        var (count, size) = (0, 1)
        for next in bounds.kept == .oldest ? sizes : sizes.reversed() {
            // One more for the comma or bracket after it.
            guard size + next + 1 <= bounds.bytes || count == 0 else { break }
            size += next + 1
            count += 1
        }
        let kept = bounds.kept == .oldest ? counted.prefix(count) : counted.suffix(count)
        return MessageArray(kept, of: self, mostSize: max(size, 2))
    }

    /// How many bytes it has.
    var size: Int { sizes(of: messages).reduce(max(2, 1 + messages.count)) { $0 + $1 } }

    private func sizes(of messages: PackedMessages) -> [Int] {
        var sizes: [Int] = []
        sizes.reserveCapacity(messages.count)
        frames.withEach { frame in
            messages.visit { sizes.append(UnsafeJSONWriter.size(of: $0, frame($0), marks)) }
        }
        return sizes
    }

    /// The array as it goes out.
    var bytes: [UInt8] {
        var json = JSONWriter(capacity: mostSize)
        write(to: &json)
        return json.bytes.withoutReserve
    }

    /// Writes it in one go: there are hundreds of thousands of messages in a second.
    func write(to json: inout JSONWriter) {
        frames.withEach { frame in
            json.append(atMost: mostSize) { json in
                json.raw("[")
                var isFirst = true
                messages.visit { message in
                    if isFirst { isFirst = false } else { json.raw(",") }
                    json.message(message, frame(message), marks)
                }
                json.raw("]")
            }
        }
    }
}

extension UnsafeJSONWriter {
    /// What stands around the texts of a message has fewer bytes.
    fileprivate static let mostAroundTexts = 150

    /// How many bytes ``message(_:_:_:)`` writes.
    fileprivate static func size(of message: PackedMessage, _ frame: MessageFrame, _ marks: ReadMarks) -> Int {
        let isRead = marks.isRead(message.n, writtenByViewer: frame.sent)
        var size = frame.beforeNumber.count + length(of: message.n) + frame.beforeContent.count
        size += JSONText(message.content, isPlain: message.isPlain).size + 2
        // What stands around the moment, the flags and their values, and the brace.
        size += 15 + Timestamp.dateLength + Timestamp.timeLength + 16 + (isRead ? 4 : 5) + (frame.sent ? 4 : 5) + 1
        if let key = message.clientMessageID { size += 21 + JSONText(key).size }
        return size
    }

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
