import Testing

@testable import Messaging

@Suite("Cursors of messages")
struct MessageCursorTests {
    private static let key = CursorKey(random: 1, 2)
    private let current = MessageCursor(
        epoch: k3f9, view: key.view(of: talk, by: Caller(user: alice)),
        marks: ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 38))

    private func read(_ text: String) throws(CursorError) -> ReadMarks {
        try MessageCursor(text, in: talk, current: current).marks
    }

    /// A cursor with a part of it replaced.
    private func text(epoch: Epoch = k3f9, of id: ConversationID = talk, by viewer: Caller = Caller(user: alice))
        -> String
    {
        MessageCursor(epoch: epoch, view: Self.key.view(of: id, by: viewer), marks: current.marks).text
    }

    @Test("a cursor is the epoch, whose view it is, n, the others' mark and mine, and comes back from its text")
    func roundTrip() throws {
        #expect(current.text == "k3f9.hak7wkvhad.42.40.38")
        #expect(try MessageCursor(current.text, in: talk, current: current) == current)
        let earlier = current.at(ReadMarks(latest: 7, othersReadUpTo: 0, viewerReadUpTo: 3))
        #expect(earlier.text == "k3f9.hak7wkvhad.7.0.3")
        #expect(try MessageCursor(earlier.text, in: talk, current: current) == earlier)
    }

    @Test("The longest message cursor has 107 bytes")
    func longest() throws {
        let marks = ReadMarks(latest: .max, othersReadUpTo: .max, viewerReadUpTo: .max)
        let epoch = try #require(Epoch("0123456789abcdef"))
        let longest = MessageCursor(epoch: epoch, view: current.view, marks: marks, revision: .max)
        #expect(longest.text.utf8.count == 107)
        #expect(try MessageCursor(longest.text, in: talk, current: longest) == longest)
        #expect(throws: CursorError.malformed) {
            try MessageCursor(longest.text + "0", in: talk, current: longest)
        }
    }

    @Test("a bare number or message id has seen the current marks", arguments: ["7", "conv-1:7"])
    func bare(text: String) throws {
        #expect(try read(text) == ReadMarks(latest: 7, othersReadUpTo: 40, viewerReadUpTo: 38))
    }

    @Test("The position 0 is before the first message, and no message id")
    func zero() throws {
        #expect(try read("0").latest == 0)
        #expect(throws: CursorError.malformed) { try read("conv-1:0") }
    }

    @Test("where the conversation is called by a number, a bare number is still a position")
    func numberedConversation() throws {
        let id = ConversationID(trusted: "7")
        #expect(try MessageCursor("7", in: id, current: current).marks.latest == 7)
        #expect(try MessageCursor("7:9", in: id, current: current).marks.latest == 9)
    }

    @Test("The longest possible message id is read as a position")
    func longID() throws {
        let id = ConversationID(trusted: String(repeating: "x", count: ConversationID.maximumLength))
        #expect(try MessageCursor("\(id.text):42", in: id, current: current).marks.latest == 42)
    }

    @Test("a cursor of another conversation is malformed here")
    func otherConversation() {
        #expect(throws: CursorError.malformed) { try read(text(of: ConversationID(trusted: "conv-2"))) }
        #expect(throws: CursorError.malformed) { try read(text(of: ConversationID(trusted: "conv-1\u{301}"))) }
        #expect(throws: CursorError.malformed) { try read("conv-2:7") }
    }

    @Test(
        "another viewer's cursor, of whichever tenant, is expired, so that an app in which somebody else signs in starts over"
    )
    func otherViewer() {
        let acme = TenantID(trusted: "acme")
        for viewer in [Caller(user: bob), Caller(tenant: acme, user: alice), Caller(tenant: acme, user: bob)] {
            #expect(throws: CursorError.expired) { try read(text(by: viewer)) }
        }
    }

    @Test("views of thousands of conversations and viewers are told apart")
    func views() {
        let ids = (0..<3000).map { ConversationID(trusted: "c-\($0)") }
        let conversations = ids.map { Self.key.view(of: $0, by: Caller(user: alice)).conversation }
        #expect(Set(conversations).count >= ids.count - 1, "30 bits: one pair in 240 runs with other ids")
        let users = (0..<200).map { Caller(user: UserID(trusted: "u-\($0)")) }
        #expect(Set(users.map { Self.key.view(of: talk, by: $0).viewer }).count >= users.count - 1)
        #expect(Set(users.map { Self.key.view(of: talk, by: $0).conversation }).count == 1)
        #expect(CursorKey(random: 1, 3).view(of: talk, by: Caller(user: alice)) != current.view)
    }

    @Test("a revision is written where it is not 0, and a cursor of another one is expired")
    func revision() throws {
        let later = MessageCursor(epoch: k3f9, view: current.view, marks: current.marks, revision: 5)
        #expect(later.text == "k3f9.hak7wkvhad.42.40.38.5")
        #expect(later.at(ReadMarks(latest: 1, othersReadUpTo: 0, viewerReadUpTo: 0)).text == "k3f9.hak7wkvhad.1.0.0.5")
        #expect(try MessageCursor(later.text, in: talk, current: later) == later)
        #expect(throws: CursorError.expired) { try MessageCursor(later.text, in: talk, current: current) }
        #expect(throws: CursorError.expired) { try MessageCursor(current.text, in: talk, current: later) }
        #expect(try MessageCursor("7", in: talk, current: later).text == "k3f9.hak7wkvhad.7.40.38.5")
    }

    @Test(
        "what is not a cursor is malformed",
        arguments: [
            "", " ", "abc", "07", "-1", "conv-1:07", "k3f9", "k3f9.", "k3f9.hak7wkvhad", "k3f9.hak7wkvhad.42",
            "k3f9.hak7wkvhad.42.40", "k3f9.hak7wkvhad.42.40.", "k3f9.hak7wkvhad.42.40.-1", "k3f9.hak7wkvhad.042.40.38",
            "K3F9.hak7wkvhad.42.40.38", ".hak7wkvhad.42.40.38", "k3f9..42.40.38", "k3f9.hak7wkvha.42.40.38",
            "k3f9.hak7wkvhadv.42.40.38", "k3f9.hak7wkvha1.42.40.38", "k3f9.HAK7WKVHAD.42.40.38",
            "k3f9.hak7wkvhad.42.40.38.0", "k3f9.hak7wkvhad.42.40.38.05", "k3f9.hak7wkvhad.42.40.38.",
            "k3f9.hak7wkvhad.42.40.38.1.1", "k3f9.hak7wkvhad.42.40.99999999999999999999", "99999999999999999999",
            "k3f9.hak7wkvhad.42.40.38\u{301}", "k3f9\u{301}.hak7wkvhad.42.40.38", "k3f9.hak7wkvhad.42.40.38 ",
            "k3f9.42.40", "k3f9.42.40.", "k3f9.42.40.-1", "k3f9.042.40.38", "K3F9.42.40.38", ".42.40.38", "k3f9.1",
            "k3f9.c4fpstw74nofr", "k3f9.42.40.hak7wkvhad", String(repeating: ".", count: 100_000),
        ])
    func malformed(text: String) {
        #expect(throws: CursorError.malformed) { try read(text) }
    }

    @Test("A message cursor of another epoch is expired, wherever it points")
    func otherEpoch() {
        for epoch in [Epoch(random: 1), Epoch(random: 2)] {
            #expect(throws: CursorError.expired) { try read(text(epoch: epoch)) }
            #expect(throws: CursorError.expired) {
                try read(text(epoch: epoch, of: ConversationID(trusted: "conv-2")))
            }
        }
    }

    @Test(
        "A message cursor that is ahead of the store in any part is expired",
        arguments: [(43, 40, 38), (42, 41, 38), (42, 40, 39), (Int64.max, 0, 0)])
    func ahead(n: Int64, others: Int64, mine: Int64) {
        let cursor = current.at(ReadMarks(latest: n, othersReadUpTo: others, viewerReadUpTo: mine))
        #expect(throws: CursorError.expired) { try read(cursor.text) }
    }

    @Test("A bare position ahead of the store is expired", arguments: ["43", "conv-1:43", "9223372036854775807"])
    func bareAhead(text: String) {
        #expect(throws: CursorError.expired) { try read(text) }
    }

    @Test(
        "and one of the former form, of whichever epoch, in place or ahead",
        arguments: ["k3f9.42.40.38", "k3f9.0.0.0", "zzz.1.1.1", "1.2.3.4", "k3f9.9223372036854775807.0.0"])
    func former(text: String) {
        #expect(throws: CursorError.expired) { try read(text) }
    }
}

@Suite("Cursors of lists")
struct ListCursorTests {
    private static let key = CursorKey(random: 1, 2)
    private let cursors = ListCursors(of: Caller(user: alice), epoch: k3f9, key: key)

    @Test(
        "a cursor is the epoch and a change number that nobody can read, and comes back from its text",
        arguments: [
            (0, "k3f9.c4fpstw74nofr"), (1, "k3f9.av7n4vpnzuatc"), (17, "k3f9.iejyu3dmygwae"),
            (.max, "k3f9.cgylxptd5hmyh"),
        ] as [(Int64, String)])
    func roundTrip(change: Int64, text: String) throws {
        #expect(cursors.text(at: change) == text)
        #expect(try cursors.changesKnown(by: text, current: change) == change)
        #expect(try cursors.pageEnd(in: text, current: change) == change)
    }

    @Test("just below a change is another cursor than at the change before, which may be somebody else's")
    func justBelow() throws {
        for change in 1...100 as ClosedRange<Int64> {
            let text = cursors.text(justBelow: change)
            #expect(text != cursors.text(at: change - 1) && text != cursors.text(at: change))
            #expect(try cursors.changesKnown(by: text, current: change) == change - 1)
            #expect(
                try cursors.pageEnd(in: text, current: change) == change, "the page below it ends where this one did")
        }
        #expect(try cursors.changesKnown(by: cursors.text(justBelow: 0), current: 0) == 0)
    }

    @Test("Cursors that know the image of one change are the same, of that change and of every other")
    func known() throws {
        let image = cursors.image(of: 17)
        let knowing = ListCursors(
            of: Caller(user: alice), epoch: k3f9, key: Self.key, known: ListFreshness(change: 17, image: image))
        for change in [0, 16, 17, 18] as [Int64] {
            let text = cursors.text(at: change)
            #expect(knowing.text(at: change) == text && knowing.image(of: change) == cursors.image(of: change))
            #expect(knowing.text(justBelow: change) == cursors.text(justBelow: change))
            #expect(try knowing.changesKnown(by: text, current: 18) == change)
            #expect(try knowing.changesKnown(by: cursors.text(justBelow: 17), current: 18) == 16)
        }
        #expect(throws: CursorError.expired) { try knowing.changesKnown(by: cursors.text(at: 17), current: 16) }
    }

    @Test("The same position is another cursor for each caller and in each epoch")
    func differ() {
        let acme = TenantID(trusted: "acme")
        let others = [
            ListCursors(of: Caller(user: bob), epoch: k3f9, key: Self.key),
            ListCursors(of: Caller(tenant: acme, user: alice), epoch: k3f9, key: Self.key),
            ListCursors(of: Caller(user: alice), epoch: Epoch(random: 1), key: Self.key),
            ListCursors(of: Caller(user: alice), epoch: k3f9, key: CursorKey(random: 1, 3)),
            ListCursors(
                of: Caller(tenant: TenantID(trusted: "al"), user: UserID(trusted: "ice")), epoch: k3f9, key: Self.key),
        ]
        let texts = ([cursors] + others).map { $0.text(at: 17).split(separator: ".").last }
        #expect(Set(texts).count == texts.count)
        for other in others {
            #expect(throws: CursorError.expired) {
                try other.changesKnown(by: cursors.text(at: 17), current: 1_000_000)
            }
        }
    }

    @Test(
        "Text that is no list cursor is malformed",
        arguments: [
            "", "17", ".17", "k3f9", "k3f9.", "k3f9.017", "k3f9.-1", "k3f9.1.1.1", "K.1", "conv-1:1", "k3f9.1 ",
            ".c4fpstw74nofr", "K3F9.c4fpstw74nofr", "k3f9.C4FPSTW74NOFR", "k3f9.c4fpstw74nof", "k3f9.c4fpstw74nofrr",
            "k3f9.q4fpstw74nofr", "k3f9.c4fpstw74nof1", "k3f9.c4fpstw74nofr.", "k3f9.c4fpstw74nofr.1",
            "k3f9.hak7wkvhad.42.40.38", "k3f9.99999999999999999999", "k3f9.c4fpstw74nofr\u{301}",
            "0123456789abcdefg.c4fpstw74nofr", String(repeating: ".", count: 100_000),
        ])
    func malformed(text: String) {
        #expect(throws: CursorError.malformed) { try cursors.changesKnown(by: text, current: 100) }
        #expect(throws: CursorError.malformed) { try cursors.pageEnd(in: text, current: 100) }
    }

    @Test("A list cursor of another epoch, or ahead of the store, is expired")
    func expired() {
        #expect(throws: CursorError.expired) { try cursors.changesKnown(by: "zzz.c4fpstw74nofr", current: 100) }
        #expect(throws: CursorError.expired) { try cursors.changesKnown(by: cursors.text(at: 101), current: 100) }
        #expect(throws: CursorError.expired) { try cursors.changesKnown(by: "k3f9.aaaaaaaaaaaaa", current: 1 << 40) }
    }

    @Test(
        "and one of the former form, of whichever epoch, in place or ahead",
        arguments: [
            "k3f9.17", "k3f9.0", "k3f9.9223372036854775807", "zzz.1", "1.2", "0123456789abcdef.9223372036854775807",
        ])
    func former(text: String) {
        #expect(throws: CursorError.expired) { try cursors.changesKnown(by: text, current: 100) }
        #expect(throws: CursorError.expired) { try cursors.pageEnd(in: text, current: 100) }
    }
}
