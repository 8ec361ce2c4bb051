import Messaging
import Testing

@Suite("Cursors of messages")
struct MessageCursorTests {
    private let current = ReadMarks(n: 42, others: 40, mine: 38)

    private func read(_ text: String) throws(CursorError) -> ReadMarks {
        try MessageCursor(text, in: talk, epoch: k3f9, current: current).marks
    }

    @Test("a cursor is the epoch, n, the others' mark and mine, and comes back from its text")
    func roundTrip() throws {
        let cursor = MessageCursor(epoch: k3f9, marks: current)
        #expect(cursor.text == "\(k3f9.text).42.40.38")
        #expect(try MessageCursor(cursor.text, in: talk, epoch: k3f9, current: current) == cursor)
    }

    @Test("a bare number or message id has seen the current marks", arguments: ["7", "conv-1:7"])
    func bare(text: String) throws {
        #expect(try read(text) == ReadMarks(n: 7, others: 40, mine: 38))
    }

    @Test("0 is before the first message, which no id is")
    func zero() throws {
        #expect(try read("0").n == 0)
        #expect(throws: CursorError.malformed) { try read("conv-1:0") }
    }

    @Test("where the conversation is called by a number, a bare number is still a position")
    func numberedConversation() throws {
        let id = ConversationID(trusted: "7")
        #expect(try MessageCursor("7", in: id, epoch: k3f9, current: current).marks.n == 7)
        #expect(try MessageCursor("7:9", in: id, epoch: k3f9, current: current).marks.n == 9)
    }

    @Test(
        "what is not a cursor of this conversation is malformed",
        arguments: [
            "", " ", "abc", "conv-2:7", "conv-1:07", "07", "-1", "k3f9", "k3f9.42.40", "k3f9.42.40.38.1",
            "k3f9.42.40.", "k3f9.42.40.-1", "k3f9.042.40.38", "K3F9.42.40.38", ".42.40.38", "k3f9.1",
            "k3f9.42.40.99999999999999999999", "99999999999999999999", "k3f9.42.40.38\u{301}",
        ])
    func malformed(text: String) {
        #expect(throws: CursorError.malformed) { try read(text) }
    }

    @Test("a cursor of another life of the store is expired, wherever it points", arguments: ["x", "zzz"])
    func otherEpoch(epoch: String) {
        #expect(throws: CursorError.expired) { try read("\(epoch).42.40.38") }
        #expect(throws: CursorError.expired) { try read("\(epoch).1.1.1") }
    }

    @Test(
        "so is one that is ahead of the store in any part",
        arguments: [(43, 40, 38), (42, 41, 38), (42, 40, 39), (Int64.max, 0, 0)])
    func ahead(n: Int64, others: Int64, mine: Int64) {
        #expect(throws: CursorError.expired) { try read("\(k3f9.text).\(n).\(others).\(mine)") }
    }

    @Test("and a bare position ahead of the store", arguments: ["43", "conv-1:43", "9223372036854775807"])
    func bareAhead(text: String) {
        #expect(throws: CursorError.expired) { try read(text) }
    }
}

@Suite("Cursors of lists")
struct ListCursorTests {
    @Test("a cursor is the epoch and a change number, and comes back from its text", arguments: [0, 1, 17, Int64.max])
    func roundTrip(change: Int64) throws {
        let cursor = ListCursor(epoch: k3f9, change: change)
        #expect(cursor.text == "\(k3f9.text).\(change)")
        #expect(try ListCursor(cursor.text, epoch: k3f9, current: change) == cursor)
    }

    @Test(
        "other text is malformed",
        arguments: [
            "", "17", ".17", "k3f9", "k3f9.", "k3f9.017", "k3f9.-1", "k3f9.1.1.1", "K.1", "conv-1:1", "k3f9.1 ",
        ])
    func malformed(text: String) {
        #expect(throws: CursorError.malformed) { try ListCursor(text, epoch: k3f9, current: 100) }
    }

    @Test("one of another epoch, or ahead of the store, is expired")
    func expired() {
        #expect(throws: CursorError.expired) { try ListCursor("zzz.1", epoch: k3f9, current: 100) }
        #expect(throws: CursorError.expired) { try ListCursor("\(k3f9.text).101", epoch: k3f9, current: 100) }
    }
}
