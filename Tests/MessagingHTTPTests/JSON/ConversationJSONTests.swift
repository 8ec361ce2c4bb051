import Foundation
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The JSON of a conversation")
struct ConversationJSONTests {
    private let people = [Person(id: alice), Person(id: bob, name: "Bob \"B\" Reyes", company: "Acme")]

    private func json(_ newest: [Message], unread: Int64 = 0, embedded: Int = 20) -> String {
        let summary = ConversationSummary(
            conversation: conversation(lastN: Int64(newest.count), (alice, 0), (bob, 0)), participantCount: 2,
            people: people, marks: ReadMarks(latest: Int64(newest.count), othersReadUpTo: 0, viewerReadUpTo: 0),
            unread: unread,
            newest: PackedMessages(newest), openedAt: Timestamp(milliseconds: 0), activity: 1, change: 1)
        var writer = JSONWriter()
        writer.conversation(summary, for: alice, embedded: embedded)
        return text(writer.bytes)
    }

    @Test("The JSON has exactly the members front ends bind to")
    func exact() {
        #expect(
            json([message(1, from: bob)], unread: 1)
                == #"{"id":"conv-456","name":"Bob \"B\" Reyes","company":"Acme","initials":"BR","lastMessage":"Hello!","#
                + #""lastMessageTime":"2024-12-01T10:30:00.000Z","unread":1,"participants":["#
                + #"{"id":"alice","name":"alice","company":""},{"id":"bob","name":"Bob \"B\" Reyes","company":"Acme"}],"#
                + #""participantCount":2,"messages":[{"id":"conv-456:1","conversationId":"conv-456","senderId":"bob","receiverId":"alice","#
                + #""content":"Hello!","timestamp":"2024-12-01T10:30:00.000Z","read":false,"sent":false}]}"#)
    }

    @Test("A large conversation shows some participants and their count, and takes the receiver from neither")
    func large() throws {
        let people = (0..<20).map { Person(id: UserID(trusted: "user-\($0 + 10)"), company: "Acme") }
        let conversation = conversation(lastN: 1, (people[0].id, 0), (people[1].id, 0))
        let summary = ConversationSummary(
            conversation: Conversation(
                id: conversation.id, key: 1, lastN: 1, participants: people.map { .init(user: $0.id) }),
            participantCount: 500, people: people, marks: ReadMarks(latest: 1, othersReadUpTo: 1, viewerReadUpTo: 0),
            unread: 0,
            newest: PackedMessages([message(1, from: people[0].id)]), openedAt: Timestamp(milliseconds: 0), activity: 1,
            change: 1)
        var writer = JSONWriter()
        writer.conversation(summary, for: people[0].id, embedded: 1)
        let read = try object(writer.bytes)
        #expect(read["participantCount"] as? Int == 500)
        #expect((read["participants"] as? [Any])?.count == 20)
        #expect((read["name"] as? String)?.hasSuffix("user-28, user-29, and 480 more") == true)
        #expect(read["company"] as? String == "Acme")
        let shown = try #require((read["messages"] as? [[String: Any]])?.first)
        // The marks count, not those of the people that are shown.
        #expect(shown["read"] as? Bool == true)
        #expect(shown["receiverId"] is NSNull)
    }

    @Test("A conversation without messages has no last message, and the time when it was opened")
    func empty() throws {
        let read = try object(Array(json([]).utf8))
        #expect(read["lastMessage"] as? String == "")
        #expect(read["lastMessageTime"] as? String == "1970-01-01T00:00:00.000Z")
        #expect((read["messages"] as? [Any])?.isEmpty == true)
    }

    @Test("A conversation embeds the newest messages, oldest first, at most as many as asked for", arguments: 0...4)
    func embedded(count: Int) throws {
        let newest = (1...3).map { message($0, from: bob, "text \($0)") }
        let read = try object(Array(json(newest, embedded: count).utf8))
        let contents = (read["messages"] as? [[String: Any]])?.map { $0["content"] as? String }
        #expect(contents == ["text 1", "text 2", "text 3"].suffix(count))
        #expect(read["lastMessage"] as? String == "text 3")
    }
}
