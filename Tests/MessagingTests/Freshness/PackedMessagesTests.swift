import Testing

@testable import Messaging

@Suite("Messages packed into one piece of memory")
struct PackedMessagesTests {
    private static let texts = [
        "", "Hello!", "\"quoted\" \\ and \u{1}\u{1F}\u{7F}\r\n\t", "\u{2028}\u{2029}", "👩‍👩‍👧 🙂", "e\u{301} \u{E9}", "日本",
        String(repeating: "long ", count: 20_000),
    ]
    private static let senders = ["alice", "bob", "é", "e\u{301}", String(repeating: "x", count: 255)]
        .map { UserID(trusted: $0) }

    /// Messages with every text from every sender, some with a key.
    private static let messages = texts.flatMap { text in senders.map { (text, $0) } }.enumerated().map { place, each in
        Message(
            n: Int64(place) + 7, sender: each.1, content: each.0, sentAt: Timestamp(milliseconds: Int64(place) - 20),
            clientMessageID: place.isMultiple(of: 3) ? nil : place.isMultiple(of: 2) ? "" : "key \(each.1.text)")
    }

    /// Compares texts by their bytes, which Swift's `==` does not.
    private func expectSame(
        _ lhs: some Collection<Message>, _ rhs: some Collection<Message>, at place: SourceLocation = #_sourceLocation
    ) {
        let isSame =
            lhs.count == rhs.count
            && zip(lhs, rhs).allSatisfy { left, right in
                left == right && left.content.hasSameBytes(as: right.content)
                    && (left.clientMessageID ?? "nil").hasSameBytes(as: right.clientMessageID ?? "nil")
            }
        #expect(isSame, sourceLocation: place)
    }

    @Test("Packed messages come back as they were")
    func unpacked() {
        let packed = PackedMessages(Self.messages)
        expectSame(packed, Self.messages)
        #expect(packed.lastNumber == Self.messages.last?.n)
        #expect(PackedMessages([]).isEmpty && PackedMessages([]).lastNumber == nil)
    }

    @Test("Messages packed one at a time are those packed at once")
    func added() {
        var packed = PackedMessages([])
        for message in Self.messages { packed.append(message) }
        expectSame(packed, Self.messages)
        #expect(packed == PackedMessages(Self.messages))
    }

    @Test("A part of packed messages has the same messages, and can be extended")
    func parts() {
        let packed = PackedMessages(Self.messages)
        for (start, end) in [(0, 3), (2, 2), (5, 9), (30, 40)] {
            var part = packed[start..<end]
            expectSame(part, Self.messages[start..<end])
            part.append(Self.messages[20])
            expectSame(part, Self.messages[start..<end] + [Self.messages[20]])
            let places = stride(from: start, to: end, by: 2)
            expectSame(PackedMessages(packed, at: Array(places)), places.map { Self.messages[$0] })
        }
        expectSame(packed, Self.messages)
    }

    @Test("Packed messages tell senders apart by the bytes of their ids")
    func authors() {
        var ids: [Int: [UInt8]] = [:]
        PackedMessages(Self.messages).visit { message in
            let id = Array(message.sender)
            #expect(ids[message.author, default: id] == id)
            ids[message.author] = id
        }
        #expect(Set(ids.values) == Set(Self.senders.map { Array($0.text.utf8) }))
        #expect(ids.count == Self.senders.count)
    }

    @Test("Packed messages take little more memory than their texts")
    func economy() {
        let short = (1...2).map { n in
            Message(
                n: n, sender: Self.senders[Int(n) - 1], content: "A short message", sentAt: Timestamp(milliseconds: 0),
                clientMessageID: nil)
        }
        let texts = 2 * "A short message".utf8.count + "alicebob".utf8.count
        // The allocator may give 16 bytes more than it is asked for, where what is left of a block would be too small.
        let most = RecentMessages(PackedMessages([])).cost + texts + 2 * 32 + 16 + 16
        #expect(RecentMessages(PackedMessages(short)).cost <= most)
    }
}
