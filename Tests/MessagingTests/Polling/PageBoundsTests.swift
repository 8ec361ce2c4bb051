import Testing

@testable import Messaging

@Suite("The bounds of a page")
struct PageBoundsTests {
    /// Messages with contents of so many bytes.
    private func messages(_ sizes: Int...) -> PackedMessages {
        PackedMessages(
            sizes.enumerated().map { place, size in
                Message(
                    n: Int64(place) + 1, sender: place.isMultiple(of: 2) ? alice : bob,
                    content: String(repeating: "x", count: size), sentAt: Timestamp(milliseconds: 0),
                    clientMessageID: "key \(place)")
            })
    }

    private func newest(_ messages: PackedMessages, _ count: Int, _ bytes: Int) -> [Int64] {
        messages.newest(within: PageBounds(count: count, bytes: bytes, kept: .newest)).map(\.n)
    }

    @Test("A page keeps the newest messages of exactly its bytes, and one fewer where they have one byte more")
    func contents() {
        let three = messages(10, 20, 30)
        #expect(newest(three, 3, 60) == [1, 2, 3])
        #expect(newest(three, 3, 59) == [2, 3])
        #expect(newest(three, 3, 50) == [2, 3])
        #expect(newest(three, 3, 49) == [3])
        #expect(newest(three, 2, 60) == [2, 3])
        #expect(newest(three.dropLast(), 3, 30) == [1, 2])
    }

    @Test("A page keeps at least one message, however large, and none of none")
    func atLeastOne() {
        #expect(newest(messages(10, 20, 30), 3, 0) == [3])
        #expect(newest(messages(30, 0, 0), 3, 0) == [2, 3])
        #expect(newest(messages(), 3, 0) == [])
    }

    @Test("A page is exceeded by one entry more or, from the second on, one byte more")
    func exceeded() {
        let bounds = PageBounds(count: 3, bytes: 100)
        #expect(!bounds.areExceeded(by: 3, 100))
        #expect(bounds.areExceeded(by: 4, 100))
        #expect(bounds.areExceeded(by: 2, 101))
        #expect(!bounds.areExceeded(by: 1, 101))
    }

    @Test("Messages read newest first are turned around into the order of their numbers")
    func reversedMessages() {
        let three = messages(10, 20, 30)
        #expect(PackedMessages(three.reversed()).reversedMessages == three)
    }

    private func page(_ changes: [Int64], position: Int64, olderBefore: Int64?) -> ConversationPage {
        let entries = changes.enumerated().map { place, change in
            ConversationSummary(
                conversation: conversation(ConversationID(trusted: "c-\(change)"), (alice, 0), (bob, 0)),
                participantCount: 2, people: [], marks: ReadMarks(latest: 0, othersReadUpTo: 0, viewerReadUpTo: 0),
                unread: 0,
                newest: PackedMessages([]), openedAt: Timestamp(milliseconds: 0),
                activity: Int64(100 - place), change: change)
        }
        return ConversationPage(
            conversations: entries, latestChange: 9, position: position, olderBefore: olderBefore)
    }

    @Test("a delta loses what changed last, and its position is that of the last change it has")
    func delta() {
        let cut = page([7, 9, 3], position: 9, olderBefore: nil).cut(to: 2, .since(1))
        #expect(cut.conversations.map(\.change) == [7, 3], "still in the order of their activity")
        #expect(cut.position == 7)
        #expect(cut.olderBefore == nil)
    }

    @Test(
        "a page loses its oldest end, and goes on below the last entry that it has",
        arguments: [ListWindow.newest, .before(101)])
    func older(window: ListWindow) {
        let cut = page([7, 9, 3], position: 9, olderBefore: nil).cut(to: 2, window)
        #expect(cut.conversations.map(\.change) == [7, 9])
        #expect(cut.position == 9)
        #expect(cut.olderBefore == 99)
        #expect(cut.latestChange == 9)
    }

    @Test("a page that fits stays as it is", arguments: [ListWindow.newest, .since(1)])
    func whole(window: ListWindow) {
        let whole = page([7, 9, 3], position: 8, olderBefore: 55)
        #expect(whole.cut(to: 3, window) == whole)
    }
}
