import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Entity tags")
struct EntityTagTests {
    private let key = CursorKey(random: 1, 2)
    private let marks = ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 38)

    private func cursor(
        of conversation: ConversationID = talk, epoch: Epoch = k3f9, marks: ReadMarks? = nil,
        caller: Caller = Caller(user: alice)
    ) -> MessageCursor {
        MessageCursor(epoch: epoch, view: key.view(of: conversation, by: caller), marks: marks ?? self.marks)
    }

    private func messages(
        _ window: MessageWindow = .newest, of conversation: ConversationID = talk, epoch: Epoch = k3f9,
        marks: ReadMarks? = nil, limit: Int = 100, bytes: Int = 1 << 20, caller: Caller = Caller(user: alice)
    ) -> String {
        EntityTag(
            messagesOf: conversation, at: cursor(of: conversation, epoch: epoch, marks: marks, caller: caller).text,
            window,
            PageBounds(count: limit, bytes: bytes), caller: caller
        ).text
    }

    private func list(
        epoch: Epoch = k3f9, change: Int64 = 17, _ window: ListWindow = .newest, limit: Int = 100, bytes: Int = 1 << 20,
        messages: Int = 20, caller: Caller = Caller(user: alice)
    ) throws -> String {
        let cursors = ListCursors(of: caller, epoch: epoch, key: key)
        let query =
            switch window {
            case .newest: ""
            case .before(let activity): "before=\(cursors.text(at: activity))"
            case .since(let change): "since=\(cursors.text(at: change))"
            }
        return EntityTag(
            listOf: caller, at: cursors.text(at: change), try Query(Array(query.utf8)[...]),
            PageBounds(count: limit, bytes: bytes), messages: messages
        ).text
    }

    private func single(
        of conversation: ConversationID = talk, epoch: Epoch = k3f9, marks: ReadMarks? = nil, change: Int64 = 17,
        messages: Int = 20, bytes: Int = 1 << 16, caller: Caller = Caller(user: alice)
    ) -> String {
        EntityTag(
            conversation: conversation,
            at: cursor(of: conversation, epoch: epoch, marks: marks, caller: caller).text,
            change: ListCursors(of: caller, epoch: epoch, key: key).text(at: change),
            PageBounds(count: messages, bytes: bytes), caller: caller
        ).text
    }

    /// Every browser out there holds tags of the running release. Should one of these change, all of them fetch everything
    /// once more after an update: that may be intended, but not by accident.
    @Test("tags are the same in every release")
    func pinned() throws {
        #expect(messages() == #""2hCmywLYv""#)
        #expect(try list() == #""vgLJdYySD""#)
        #expect(
            messages(.since(ReadMarks(latest: 40, othersReadUpTo: 40, viewerReadUpTo: 38)), limit: 5)
                == #""QFUCbbjiz""#)
    }

    @Test("whatever the representation of messages depends on makes another tag")
    func messagesDiffer() {
        let tags = [
            messages(), messages(of: ConversationID(trusted: "conv-457")), messages(epoch: Epoch(random: 1)),
            messages(marks: ReadMarks(latest: 43, othersReadUpTo: 40, viewerReadUpTo: 38)),
            messages(marks: ReadMarks(latest: 42, othersReadUpTo: 41, viewerReadUpTo: 38)),
            messages(marks: ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 39)), messages(limit: 99),
            messages(bytes: 1000),
            messages(.before(42)),
            messages(.before(41)), messages(.since(marks)),
            messages(.since(ReadMarks(latest: 41, othersReadUpTo: 40, viewerReadUpTo: 38))),
            messages(.since(ReadMarks(latest: 42, othersReadUpTo: 39, viewerReadUpTo: 38))),
            messages(.since(ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 37))),
            messages(caller: Caller(user: bob)),
            messages(caller: Caller(tenant: TenantID(trusted: "acme"), user: alice)),
            messages(of: ConversationID(trusted: "\u{E9}")), messages(of: ConversationID(trusted: "e\u{301}")),
        ]
        #expect(Set(tags).count == tags.count)
    }

    @Test("Whatever the representation of a list depends on makes another tag")
    func listsDiffer() throws {
        let tags = try [
            list(), list(epoch: Epoch(random: 1)), list(change: 18), list(.before(17)), list(.before(16)),
            list(.since(17)),
            list(.since(16)), list(limit: 99), list(bytes: 1000), list(messages: 19), list(limit: 20, messages: 100),
            list(caller: Caller(user: bob)), list(caller: Caller(tenant: TenantID(trusted: "acme"), user: alice)),
        ]
        #expect(Set(tags).count == tags.count)
    }

    @Test("Whatever the representation of one conversation depends on makes another tag, names included")
    func singlesDiffer() throws {
        let tags = try [
            single(), single(of: ConversationID(trusted: "conv-457")), single(epoch: Epoch(random: 1)),
            single(marks: ReadMarks(latest: 43, othersReadUpTo: 40, viewerReadUpTo: 38)),
            single(marks: ReadMarks(latest: 42, othersReadUpTo: 41, viewerReadUpTo: 38)),
            single(marks: ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 39)), single(change: 18),
            single(messages: 19),
            single(bytes: 1000), single(caller: Caller(user: bob)),
            single(caller: Caller(tenant: TenantID(trusted: "acme"), user: alice)), messages(), messages(limit: 20),
            list(),
        ]
        #expect(Set(tags).count == tags.count)
    }

    @Test("the tag of a page that lost its oldest end says where it begins, and is another one")
    func cutPage() {
        let whole = EntityTag(text: messages())
        let cut = whole.ofPage(from: 17)
        #expect(cut.text == "\(whole.text.dropLast()).17\"")
        func first(_ values: String...) -> Int64? {
            whole.firstOfPage(knownTo: request(.get, "/", values.map { (.ifNoneMatch, $0) }))
        }
        #expect(first(cut.text) == 17)
        #expect(first("\"other\", W/\(cut.text)") == 17)
        #expect(first("\"other\"", cut.text) == 17)
        for other in [
            whole.text, "*", "", "\"\(whole.text.dropLast())", "\(whole.text.dropLast()).x\"",
            String(cut.text.dropLast()),
        ] {
            #expect(first(other) == nil, "\(other)")
        }
    }

    @Test("A cut page is found again by the forms of its tag that the client still accepts")
    func cutPageForms() {
        let whole = EntityTag(text: messages())
        func first(_ tag: String, _ coding: AcceptedCoding) -> Int64? {
            whole.firstOfPage(knownTo: request(.get, "/", [(.ifNoneMatch, tag)]), accepting: coding)
        }
        let cut = whole.ofPage(from: 17)
        #expect(cut.of(.gzip).text == "\(whole.text.dropLast()).17z\"")
        for (form, coding, isFound) in [
            (BodyForm.gzip, AcceptedCoding.gzip, true), (.gzip, .gzipOnly, true), (.gzip, .identity, false),
            (.gzip, .off, false), (.plain, .identity, true), (.plain, .off, true), (.plain, .gzip, false),
            (.only, .gzip, true), (.only, .identity, true), (.only, .gzipOnly, false),
        ] {
            #expect(first(cut.of(form).text, coding) == (isFound ? 17 : nil), "\(form) \(coding)")
        }
        #expect(first("\(whole.text.dropLast()).17zz\"", .gzip) == nil)
    }

    @Test("Entity tags tell tenants and users apart whose names run into each other")
    func boundaries() throws {
        let one = Caller(tenant: TenantID(trusted: "ab"), user: UserID(trusted: "c"))
        let other = Caller(tenant: TenantID(trusted: "a"), user: UserID(trusted: "bc"))
        #expect(messages(caller: one) != messages(caller: other))
        #expect(try list(caller: one) != list(caller: other))
    }

    @Test("a tag has quotes around and, inside, only what a tag may have")
    func syntax() throws {
        for tag in try [
            messages(of: ConversationID(trusted: "\"é\" ,")), list(caller: Caller(user: UserID(trusted: "\"🙂"))),
        ] {
            #expect(tag.utf8.first == 0x22 && tag.utf8.last == 0x22)
            #expect(tag.utf8.dropFirst().dropLast().allSatisfy { (0x23...0x7E).contains($0) || $0 == 0x21 })
        }
    }
}
