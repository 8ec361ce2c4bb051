import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Answers of bounded size")
struct AnswerBoundsTests {
    private let viewer = ReadMarks(latest: 5, othersReadUpTo: 2, viewerReadUpTo: 3)

    private var talk: Conversation { conversation(lastN: 5, (alice, 3), (bob, 2)) }

    /// Messages of both, with and without a key, and with what takes several bytes in JSON.
    private var five: PackedMessages {
        PackedMessages(
            ["Hello!", "\"q\" \\ \n\t\r\u{8}\u{C}\u{1}\u{1F}", "é🙂\u{2028}", "", "last"].enumerated().map {
                place, content in
                Message(
                    n: Int64(place) + 1, sender: place.isMultiple(of: 2) ? alice : bob, content: content, sentAt: noon,
                    clientMessageID: place == 3 ? "key \"\n" : nil)
            })
    }

    private func array(
        _ messages: PackedMessages, _ bytes: Int, _ kept: PageBounds.End, count: Int = 500
    ) -> MessageArray {
        MessageArray(messages, in: talk, for: alice, viewer)
            .cut(to: PageBounds(count: count, bytes: bytes, kept: kept))
    }

    @Test("Messages have as many bytes as is said before they are written", arguments: 0...5)
    func size(count: Int) {
        let whole = array(five.prefix(count), .max, .oldest)
        #expect(whole.size == whole.bytes.count)
        #expect(whole.messages.count == count)
    }

    @Test(
        "So many bytes exactly hold all messages, one fewer loses the last or the first of them",
        arguments: [PageBounds.End.oldest, .newest])
    func edges(kept: PageBounds.End) {
        for count in 2...5 {
            let messages = five.prefix(count)
            let size = array(messages, .max, kept).size
            let (whole, cut) = (array(messages, size, kept), array(messages, size - 1, kept))
            #expect(whole.messages.count == count)
            #expect(cut.messages.map(\.n) == (kept == .oldest ? Array(1..<Int64(count)) : Array(2...Int64(count))))
            #expect(cut.size == cut.bytes.count && cut.size < size)
        }
    }

    @Test("At least one message goes out, and no more than asked for")
    func atLeastOne() {
        #expect(array(five, 1, .oldest).messages.map(\.n) == [1])
        #expect(array(five, 1, .newest).messages.map(\.n) == [5])
        #expect(array(five.prefix(0), 1, .newest).bytes == Array("[]".utf8))
        #expect(array(five, .max, .oldest, count: 2).messages.map(\.n) == [1, 2])
        #expect(array(five, .max, .newest, count: 2).messages.map(\.n) == [4, 5])
    }

    private func page(_ changes: [Int64]) -> ConversationPage {
        let entries = changes.enumerated().map { place, change in
            ConversationSummary(
                conversation: Conversation(
                    id: ConversationID(trusted: "c-\(change)"), key: change, lastN: 5,
                    participants: Array(talk.participants)),
                participantCount: 2,
                people: [Person(id: alice), Person(id: bob, name: "B \"B\"", company: "Acme")], marks: viewer,
                unread: 1, newest: five, openedAt: noon, activity: Int64(100 - place), change: change)
        }
        return ConversationPage(conversations: entries, latestChange: 9, position: 9, olderBefore: nil)
    }

    private func array(
        _ page: ConversationPage, _ window: ListWindow, _ bytes: Int, isWritten: Bool = true
    ) -> ConversationArray {
        ConversationArray(page, window, for: alice, embedded: 20, atMost: bytes, isWritten: isWritten)
    }

    private func ids(_ array: ConversationArray) -> [String] { array.page.conversations.map(\.conversation.id.text) }

    @Test("A list has all entries in exactly as many bytes, and one fewer with one byte less")
    func lists() throws {
        let whole = array(page([7, 9, 3]), .newest, .max)
        #expect(whole.size == whole.bytes.count)
        let size = whole.size
        #expect(array(page([7, 9, 3]), .newest, size).bytes == whole.bytes)
        let cut = array(page([7, 9, 3]), .newest, size - 1)
        #expect(ids(cut) == ["c-7", "c-9"])
        #expect(cut.page.olderBefore == 99)
        #expect(cut.bytes == array(page([7, 9]), .newest, .max).bytes && cut.size == cut.bytes.count)
        #expect(ids(array(page([7, 9, 3]), .newest, 1)) == ["c-7"])
        #expect(array(page([]), .newest, 1).bytes == Array("[]".utf8))
        #expect(array(page([]), .newest, 1).size == 2)
    }

    @Test("A delta of a list loses what changed last, and is in order of activity")
    func deltas() {
        let whole = array(page([7, 9, 3]), .since(1), .max)
        #expect(whole.bytes == array(page([7, 9, 3]), .newest, .max).bytes)
        let cut = array(page([7, 9, 3]), .since(1), whole.size - 1)
        #expect(ids(cut) == ["c-7", "c-3"])
        #expect(cut.page.position == 7)
        #expect(cut.bytes == array(page([7, 3]), .newest, .max).bytes)
        #expect(ids(array(page([7, 9, 3]), .since(1), 1)) == ["c-3"])
    }

    @Test(
        "A list that is only measured has the size and the entries of one that is written",
        arguments: [ListWindow.newest, .since(1)])
    func measured(window: ListWindow) {
        let size = array(page([7, 9, 3]), window, .max).size
        for bytes in [1, size / 3, size / 2, size - 1, size] {
            let (written, measured) = (
                array(page([7, 9, 3]), window, bytes), array(page([7, 9, 3]), window, bytes, isWritten: false)
            )
            #expect(measured.size == written.bytes.count && measured.page == written.page)
            #expect(measured.bytes.isEmpty)
        }
    }
}
