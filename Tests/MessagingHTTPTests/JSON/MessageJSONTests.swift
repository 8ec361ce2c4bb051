import Foundation
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The JSON of a message")
struct MessageJSONTests {
    private func json(_ message: Message, in conversation: Conversation, for viewer: UserID) throws -> String {
        var writer = JSONWriter()
        writer.message(message, in: conversation, for: viewer, try #require(conversation.marks(for: viewer)))
        return text(writer.bytes)
    }

    @Test("The JSON has exactly the members front ends bind to")
    func exact() throws {
        let pair = conversation(lastN: 42, (alice, 41), (bob, 42))
        #expect(
            try json(message(42, from: alice, key: "7f0c"), in: pair, for: alice)
                == #"{"id":"conv-456:42","conversationId":"conv-456","senderId":"alice","receiverId":"bob","#
                + #""content":"Hello!","timestamp":"2024-12-01T10:30:00.000Z","read":true,"sent":true,"#
                + #""clientMessageId":"7f0c"}"#)
        #expect(
            try json(message(42, from: bob), in: pair, for: alice)
                == #"{"id":"conv-456:42","conversationId":"conv-456","senderId":"bob","receiverId":"alice","#
                + #""content":"Hello!","timestamp":"2024-12-01T10:30:00.000Z","read":false,"sent":false}"#)
    }

    @Test("A message of a group has no receiver, and is read once all others have read it")
    func group() throws {
        let group = conversation(lastN: 2, (alice, 0), (bob, 1), (carol, 2))
        #expect(try json(message(1, from: alice), in: group, for: alice).contains(#""receiverId":null,"#))
        #expect(try json(message(1, from: alice), in: group, for: alice).contains(#""read":true,"sent":true"#))
        #expect(try json(message(2, from: alice), in: group, for: alice).contains(#""read":false,"sent":true"#))
        #expect(try json(message(2, from: alice), in: group, for: carol).contains(#""read":true,"sent":false"#))
    }

    @Test("A message takes about its own length in memory, however many senders there are")
    func manyAuthors() throws {
        let people = (0..<500).map { UserID(trusted: "user-\(1000 + $0)-with-an-id-of-some-length") }
        let crowd = Conversation(
            id: ConversationID(trusted: "crowd"), key: 1, lastN: 500, participants: people.map { .init(user: $0) })
        let messages = PackedMessages(people.enumerated().map { message(Int64($0 + 1), from: $1) })
        var writer = JSONWriter()
        writer.messages(messages, in: crowd, for: people[0], try #require(crowd.marks(for: people[0])))
        #expect(writer.bytes.count > 50_000)
        #expect(writer.bytes.capacity < 4 * writer.bytes.count)
    }

    @Test("A message is JSON whatever its ids hold, and its content comes back byte for byte")
    func hostileNames() throws {
        let odd = "\"\\é\u{2028}🙂"
        let strange = Conversation(
            id: ConversationID(trusted: odd), key: 1, lastN: 1,
            participants: [.init(user: UserID(trusted: odd)), .init(user: alice)])
        let message = Message(
            n: 1, sender: UserID(trusted: odd), content: "\u{1}\n" + odd, sentAt: noon, clientMessageID: odd)
        let read = try object(Array(try json(message, in: strange, for: alice).utf8))
        #expect(read["id"] as? String == odd + ":1")
        #expect(bytes(read["content"] as? String) == bytes("\u{1}\n" + odd))
        #expect(read["clientMessageId"] as? String == odd)
        #expect(read.count == 9)
    }

    @Test("Messages of several senders are written as each of them is alone")
    func senders() throws {
        let group = conversation(lastN: 9, (alice, 3), (bob, 5), (carol, 9))
        let senders = [bob, bob, alice, carol, alice, bob, carol, carol, alice]
        let messages = senders.enumerated().map { place, sender in
            message(Int64(place) + 1, from: sender, "\"\(place)\"\n", key: place.isMultiple(of: 2) ? "\t\(place)" : nil)
        }
        for viewer in [alice, bob, carol] {
            var all = JSONWriter()
            all.messages(PackedMessages(messages), in: group, for: viewer, try #require(group.marks(for: viewer)))
            let alone = try messages.map { try json($0, in: group, for: viewer) }
            #expect(text(all.bytes) == "[\(alone.joined(separator: ","))]")
        }
    }

    @Test("Each message has its own timestamp, whatever the day of the one before")
    func moments() throws {
        let pair = conversation(lastN: 9, (alice, 0), (bob, 0))
        let day: Int64 = 86_400_000
        let moments = [
            0, 1, day - 1, day, day + 1, 0, -1, -day, -day - 1, -62_167_219_200_000, 253_402_300_799_999, -1,
        ]
        let messages = moments.enumerated().map { place, moment in
            Message(
                n: Int64(place) + 1, sender: alice, content: "", sentAt: Timestamp(milliseconds: moment),
                clientMessageID: nil)
        }
        var writer = JSONWriter()
        writer.messages(PackedMessages(messages), in: pair, for: bob, try #require(pair.marks(for: bob)))
        let read = try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [[String: Any]]
        #expect(read?.map { $0["timestamp"] as? String } == moments.map { Timestamp(milliseconds: $0).rfc3339 })
    }

    @Test("Several messages are a bare array")
    func array() throws {
        let pair = conversation(lastN: 2, (alice, 0), (bob, 0))
        var none = JSONWriter()
        none.messages(PackedMessages([]), in: pair, for: alice, try #require(pair.marks(for: alice)))
        #expect(text(none.bytes) == "[]")
        var two = JSONWriter()
        two.messages(
            PackedMessages([message(1, from: alice), message(2, from: bob)]), in: pair, for: alice,
            try #require(pair.marks(for: alice))
        )
        let one = try json(message(1, from: alice), in: pair, for: alice)
        #expect(text(two.bytes) == "[\(one),\(try json(message(2, from: bob), in: pair, for: alice))]")
    }
}
