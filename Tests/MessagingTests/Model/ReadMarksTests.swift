import Messaging
import Testing

@Suite("Read marks")
struct ReadMarksTests {
    @Test("of two people, each one's others are the other")
    func two() {
        let conversation = conversation(lastN: 9, (alice, 3), (bob, 7))
        #expect(conversation.marks(for: alice) == ReadMarks(latest: 9, othersReadUpTo: 7, viewerReadUpTo: 3))
        #expect(conversation.marks(for: bob) == ReadMarks(latest: 9, othersReadUpTo: 3, viewerReadUpTo: 7))
    }

    @Test("in a group the others have read what the slowest of them has")
    func group() {
        let conversation = conversation(lastN: 9, (alice, 3), (bob, 7), (carol, 5))
        #expect(conversation.marks(for: alice) == ReadMarks(latest: 9, othersReadUpTo: 5, viewerReadUpTo: 3))
        #expect(conversation.marks(for: bob) == ReadMarks(latest: 9, othersReadUpTo: 3, viewerReadUpTo: 7))
        #expect(conversation.marks(for: carol) == ReadMarks(latest: 9, othersReadUpTo: 3, viewerReadUpTo: 5))
    }

    @Test("A user who does not take part has no read marks, however alike the name")
    func stranger() {
        let conversation = conversation(lastN: 9, (UserID(trusted: "\u{E9}"), 3), (bob, 7))
        #expect(conversation.marks(for: carol) == nil)
        #expect(conversation.marks(for: UserID(trusted: "e\u{301}")) == nil)
    }

    @Test("one's own messages are read up to the others' mark, received ones up to one's own")
    func isRead() {
        let marks = ReadMarks(latest: 9, othersReadUpTo: 5, viewerReadUpTo: 7)
        #expect((1...9).map { marks.isRead($0, writtenByViewer: true) } == (1...9).map { $0 <= 5 })
        #expect((1...9).map { marks.isRead($0, writtenByViewer: false) } == (1...9).map { $0 <= 7 })
    }

    @Test("a message has a receiver only where there are exactly two people")
    func receiver() {
        func receiver(of sender: UserID, in conversation: Conversation) -> UserID? {
            sender.text.withBytes { conversation.receiver(of: $0) }
        }
        let talk = conversation(lastN: 1, (alice, 0), (bob, 0))
        #expect(receiver(of: alice, in: talk) == bob)
        #expect(receiver(of: bob, in: talk) == alice)
        #expect(receiver(of: alice, in: conversation(lastN: 1, (alice, 0), (bob, 0), (carol, 0))) == nil)
    }
}
