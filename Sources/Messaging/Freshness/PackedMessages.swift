/// Messages of one conversation, ordered by number, packed into one piece of memory.
///
/// As a collection it unpacks each message; to copy messages elsewhere, ``visit(_:)`` passes them without unpacking. Headers of equal
/// size come first, some perhaps unused, and then the texts in the same order. A sender's id is stored with the sender's first
/// message, and the other messages refer to that one. At most 32,767 messages fit.
public struct PackedMessages: Sendable {
    /// How many bytes stand before a sender's id and say how long it is.
    static let idPrefix = MemoryLayout<UInt16>.size

    private var bytes: [UInt8] = []
    /// How many headers there is room for.
    private var room: Int32 = 0
    var start: Int32 = 0
    var end: Int32 = 0

    /// None yet, with room for `count` messages whose texts have `size` bytes in all.
    init(room count: Int, size: Int = 0) {
        guard count > 0 else { return }
        room = Int32(count)
        bytes.reserveCapacity(count * Header.size + size)
        bytes.append(contentsOf: repeatElement(0, count: count * Header.size))
    }

    /// Empty, with capacity for about `count` messages.
    public init(expecting count: Int) {
        let count = Swift.min(count, 100)
        self.init(room: count, size: count * 100)
    }

    /// Packs messages that are ordered by number.
    public init(_ messages: some Collection<Message>) {
        let size = messages.reduce(0) { $0 + $1.content.utf8.count + ($1.clientMessageID?.utf8.count ?? 0) }
        self.init(room: messages.count, size: size + 64)
        for message in messages { append(message) }
    }

    /// Packs again, without unused memory, the messages at these places of another pack.
    init(_ packed: PackedMessages, at places: some Collection<Int>) {
        var (size, authors) = (0, Set<Int>())
        packed.visit(places) { message in
            size += message.content.count + (message.clientMessageID?.count ?? 0)
            if authors.insert(message.author).inserted { size += Self.idPrefix + message.sender.count }
        }
        self.init(room: places.count, size: size)
        packed.visit(places) { append($0) }
    }

    /// The same messages without unused memory.
    var compact: PackedMessages {
        // The messages of a sender refer to the first, which another start leaves out.
        guard start == 0 else { return PackedMessages(self, at: indices) }
        var copy = PackedMessages(room: 0)
        (copy.room, copy.end) = (end, end)
        bytes.withUnsafeBytes { bytes in
            let headers = UnsafeRawBufferPointer(rebasing: bytes[..<(endIndex * Header.size)])
            let texts = UnsafeRawBufferPointer(rebasing: bytes[textStart..<textOffset(at: endIndex, in: bytes)])
            copy.bytes.reserveCapacity(headers.count + texts.count)
            copy.bytes.append(contentsOf: headers)
            copy.bytes.append(contentsOf: texts)
        }
        return copy
    }

    /// The bytes that it takes.
    var cost: Int { bytes.capacity }

    /// Adds a message that comes after all others.
    mutating func append(_ message: Message) {
        var (sender, content, key) = (message.sender.text, message.content, message.clientMessageID)
        sender.withUTF8 { sender in
            content.withUTF8 { content in
                func append(_ key: UnsafeBufferPointer<UInt8>?) {
                    self.append(
                        PackedMessage(
                            n: message.n, sentAt: message.sentAt, sender: UnsafeRawBufferPointer(sender),
                            content: UnsafeRawBufferPointer(content),
                            clientMessageID: key.map(UnsafeRawBufferPointer.init)))
                }
                if key == nil { append(nil) } else { key?.withUTF8 { append($0) } }
            }
        }
    }

    /// Copies a message to the end; its number is above all others.
    public mutating func append(_ message: PackedMessage) {
        // Texts that a slice leaves out are dropped, so that the texts are in the order of the headers.
        let textEnd = bytes.withUnsafeBytes { textOffset(at: endIndex, in: $0) }
        if textEnd < bytes.count { bytes.removeSubrange(textEnd...) }
        let known = author(message.sender)
        let textSize = message.content.count + (message.clientMessageID?.count ?? 0)
        makeRoom(for: textSize + (known == nil ? Self.idPrefix + message.sender.count : 0))
        if known == nil {
            withUnsafeBytes(of: UInt16(message.sender.count)) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: message.sender)
        }
        bytes.append(contentsOf: message.content)
        if let key = message.clientMessageID { bytes.append(contentsOf: key) }
        let header = Header(
            n: message.n, sentAt: message.sentAt.milliseconds, end: bytes.count - textStart,
            author: known ?? endIndex, isPlain: message.isPlain || PlainText.isPlain(message.content),
            key: (message.clientMessageID?.count ?? -1) + 1)
        let place = endIndex
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: header, toByteOffset: place * Header.size, as: Header.self) }
        end += 1
    }

    /// Reserves space for one more header and its text, without the spare half of its memory that an array would allocate.
    private mutating func makeRoom(for size: Int) {
        let more = endIndex == Int(room) ? endIndex / 4 + 2 : 0
        let needed = bytes.count + more * Header.size + size
        if needed > bytes.capacity { bytes.reserveCapacity(needed + needed / 8) }
        guard more > 0 else { return }
        bytes.insert(contentsOf: repeatElement(0, count: more * Header.size), at: textStart)
        room += Int32(more)
    }

    /// The place of the first message of a sender, if there is one.
    private func author(_ id: UnsafeRawBufferPointer) -> Int? {
        bytes.withUnsafeBytes { bytes in
            (0..<endIndex).first {
                header($0, in: bytes).author == $0 && sender(at: $0, in: bytes).hasSameBytes(as: id)
            }
        }
    }

    private var textStart: Int { Int(room) * Header.size }
}

extension PackedMessages {
    /// The number of the last message; nil where there is none.
    public var lastNumber: Int64? { isEmpty ? nil : number(at: endIndex - 1) }

    /// The numbers of all messages, read lazily.
    public var numbers: LazyMapSequence<Range<Int>, Int64> { indices.lazy.map(number) }

    /// The bytes of all their texts, about.
    public var textSize: Int {
        bytes.withUnsafeBytes { isEmpty ? 0 : textOffset(at: endIndex, in: $0) - textOffset(at: startIndex, in: $0) }
    }

    /// The number of the message at this place.
    public func number(at place: Int) -> Int64 {
        bytes.withUnsafeBytes { header(place, in: $0).n }
    }

    /// Passes the messages in order, without unpacking them.
    public func visit(_ look: (PackedMessage) -> Void) {
        guard !isEmpty else { return }
        bytes.withUnsafeBytes { bytes in
            // One after the other: each begins where the one before it ends, and many have the same sender.
            var (start, author) = (textOffset(at: startIndex, in: bytes), -1)
            var sender = UnsafeRawBufferPointer(start: nil, count: 0)
            for place in indices {
                let header = header(place, in: bytes)
                if header.author != author {
                    (author, sender) = (header.author, self.sender(at: header.author, in: bytes))
                }
                look(message(header, at: place, from: start, by: sender, in: bytes))
                start = textStart + Int(header.end)
            }
        }
    }

    /// Passes one message without unpacking it.
    func withMessage<Result>(at place: Int, _ look: (PackedMessage) -> Result) -> Result {
        bytes.withUnsafeBytes { look(message(at: place, in: $0)) }
    }

    func visit(_ places: some Collection<Int>, _ look: (PackedMessage) -> Void) {
        bytes.withUnsafeBytes { bytes in
            for place in places { look(message(at: place, in: bytes)) }
        }
    }

    private func header(_ place: Int, in bytes: UnsafeRawBufferPointer) -> Header {
        bytes.loadUnaligned(fromByteOffset: place * Header.size, as: Header.self)
    }

    private func textOffset(at place: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        textStart + (place == 0 ? 0 : Int(header(place - 1, in: bytes).end))
    }

    private func sender(at author: Int, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let offset = textOffset(at: author, in: bytes)
        let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        return UnsafeRawBufferPointer(rebasing: bytes[offset + Self.idPrefix..<offset + Self.idPrefix + length])
    }

    private func message(at place: Int, in bytes: UnsafeRawBufferPointer) -> PackedMessage {
        let header = header(place, in: bytes)
        let sender = sender(at: header.author, in: bytes)
        return message(header, at: place, from: textOffset(at: place, in: bytes), by: sender, in: bytes)
    }

    /// - Parameter start: where its texts begin.
    @inline(__always)
    private func message(
        _ header: Header, at place: Int, from start: Int, by sender: UnsafeRawBufferPointer,
        in bytes: UnsafeRawBufferPointer
    ) -> PackedMessage {
        let (author, keySize) = (header.author, Int(header.key))
        let start = start + (author == place ? Self.idPrefix + sender.count : 0)
        let end = textStart + Int(header.end)
        let keyStart = keySize == 0 ? end : end - (keySize - 1)
        return PackedMessage(
            n: header.n, sentAt: Timestamp(milliseconds: header.sentAt), author: author, sender: sender,
            content: UnsafeRawBufferPointer(rebasing: bytes[start..<keyStart]), isPlain: header.isPlain,
            clientMessageID: keySize == 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[keyStart..<end]))
    }
}

extension PackedMessages: RandomAccessCollection {
    /// The place of the first message.
    public var startIndex: Int { Int(start) }

    /// The place after the last message.
    public var endIndex: Int { Int(end) }

    /// The message at this place.
    public subscript(place: Int) -> Message {
        withMessage(at: place) { $0.unpacked }
    }

    /// Some of the messages, in the same piece of memory.
    public subscript(places: Range<Int>) -> PackedMessages {
        var part = self
        (part.start, part.end) = (Int32(places.lowerBound), Int32(places.upperBound))
        return part
    }
}

extension PackedMessages: Equatable {
    /// Whether these are the same messages.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.elementsEqual(rhs) }
}

extension PackedMessages {
    /// The newest messages, at most as many and with at most as many bytes of content as the bounds allow, but at least one where there is one.
    public func newest(within bounds: PageBounds) -> PackedMessages {
        let last = suffix(bounds.count)
        guard last.textSize > bounds.bytes else { return last }
        var (first, size) = (last.endIndex, 0)
        while first > last.startIndex {
            size += withMessage(at: first - 1) { $0.content.count }
            if size > bounds.bytes, first < last.endIndex { break }
            first -= 1
        }
        return self[first..<last.endIndex]
    }

    /// The bytes of all their contents.
    public var contentSize: Int {
        var size = 0
        visit { size += $0.content.count }
        return size
    }

    /// The same messages, which were appended from the newest to the oldest, in the order of their numbers.
    public var reversedMessages: PackedMessages { PackedMessages(self, at: indices.reversed()) }
}

extension PackedMessages {
    /// The parts of a message besides its texts.
    struct Header {
        var n: Int64
        var sentAt: Int64
        /// Where its texts end, from the first text on.
        var end: UInt32
        /// The place of the message that has the sender's id, and in the highest bit whether the content is plain.
        private var authorAndPlain: UInt16
        /// One more than the length of the client message id; 0 where there is none.
        var key: UInt16

        static let size = MemoryLayout<Header>.stride
        private static let plain: UInt16 = 1 << 15

        init(n: Int64, sentAt: Int64, end: Int, author: Int, isPlain: Bool, key: Int) {
            precondition(author < Self.plain, "too many messages for one pack")
            self.n = n
            self.sentAt = sentAt
            self.end = UInt32(end)
            authorAndPlain = UInt16(author) | (isPlain ? Self.plain : 0)
            self.key = UInt16(key)
        }

        var author: Int { Int(authorAndPlain & ~Self.plain) }
        var isPlain: Bool { authorAndPlain & Self.plain != 0 }
    }
}
