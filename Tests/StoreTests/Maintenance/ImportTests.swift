import Messaging
import StoreTestSupport
import Testing

@Suite(.onEachStore)
struct ImportTests {
    private struct BadLine: Error {}

    let home: StoreHome
    let store: any Store

    init() throws {
        home = try StoreHome()
        store = try home.open()
    }

    private func message(
        _ sender: UserID, _ text: String, at milliseconds: Int64, key: String? = nil, in id: String = "c"
    ) throws -> ImportRecord {
        .message(
            ImportedMessage(
                conversation: conversationID(id), sender: sender, content: try MessageContent(text),
                sentAt: Timestamp(milliseconds: milliseconds), clientMessageID: key), .none)
    }

    private func conversation(_ id: String, _ users: UserID..., isDirect: Bool = false) throws -> ImportRecord {
        .conversation(
            try NewConversation(id: conversationID(id), participants: users, isDirect: isDirect), .none, openedAt: noon)
    }

    @discardableResult
    private func run(_ records: [ImportRecord]) throws -> ImportSummary {
        var rest = records[...]
        return try store.importRecords { rest.popFirst() }
    }

    private func history() throws -> [ImportRecord] {
        [
            .person(Person(id: alice, name: "Alice"), .none),
            try conversation("c", alice, bob, isDirect: true), try conversation("g", alice, bob, carol),
            try message(alice, "one", at: 10), try message(bob, "two", at: 20, key: "k"),
            try message(alice, "same", at: 30), try message(alice, "same", at: 30),
            try message(carol, "group", at: 5, in: "g"),
            .read(conversationID("c"), bob, .none, upTo: nil), .read(conversationID("c"), alice, .none, upTo: 2),
        ]
    }

    @Test("A history comes in with its own times, in its own order, and is what lists and pages show")
    func whole() async throws {
        var rest = try history()[...]
        let summary = try store.importRecords { rest.popFirst() }
        #expect(summary.records == 10 && summary.skipped == 0)
        #expect(summary.people == 1 && summary.conversations == 2 && summary.messages == 5 && summary.readMarkers == 2)
        let messages = try await store.allMessages(conversationID("c"))
        #expect(messages.map(\.content) == ["one", "two", "same", "same"])
        #expect(messages.map(\.sentAt.milliseconds) == [10, 20, 30, 30])
        let list = try await store.list(of: alice).conversations
        #expect(list.map(\.conversation.id.text) == ["c", "g"], "the latest message first, not the last record")
        #expect(list[0].unread == 0 && list[1].unread == 1)
        #expect(try await store.list(of: bob).conversations[0].unread == 0)
        let sent = try await store.send(draft(bob, to: .direct(with: alice)))
        #expect(sent.message.n == 5)
        #expect(try await store.list(of: alice).conversations[0].unread == 1)
        #expect(try await store.markRead(conversationID("c"), upTo: 1, by: caller(bob)).readUpTo == 4)
    }

    @Test("Running an import again adds nothing and changes nobody's list")
    func again() async throws {
        try run(history())
        let before = try await store.list(of: alice)
        let messages = try await store.allMessages(conversationID("c"))
        let summary = try run(history())
        #expect(summary.skipped == summary.records)
        #expect(try await store.list(of: alice) == before)
        #expect(try await store.allMessages(conversationID("c")) == messages)
    }

    @Test("A longer history adds what is new, and only that")
    func longer() async throws {
        try run(history())
        _ = try await store.send(draft(bob, to: .id(conversationID("c")), "live"))
        let summary = try run(
            history() + [try message(alice, "same", at: 30), try message(alice, "later", at: 40)])
        #expect(summary.messages == 2)
        let contents = try await store.allMessages(conversationID("c")).map(\.content)
        #expect(contents == ["one", "two", "same", "same", "live", "same", "later"])
        _ = try await store.send(draft(alice, to: .id(conversationID("c"))))
        #expect(try await store.list(of: bob).conversations[0].unread == 3)
    }

    @Test("What people wrote since an import is not read by running it again")
    func liveStaysUnread() async throws {
        try run(history())
        _ = try await store.send(draft(alice, to: .id(conversationID("c")), "live"))
        try run(history())
        #expect(try await store.list(of: bob).conversations[0].unread == 1)
    }

    @Test("A record that cannot be imported, or cannot be read, rolls everything back")
    func rollback() async throws {
        let bad: [(ImportRecord, ImportError)] = [
            (try message(alice, "x", at: 1, in: "unknown"), .unknownConversation(conversationID("unknown"))),
            (try message(carol, "x", at: 1), .notAParticipant(carol, conversationID("c"))),
            (try conversation("c", alice, carol), .otherParticipants(conversationID("c"))),
            (try conversation("d", alice, bob, isDirect: true), .directConversationExists(conversationID("c"))),
            (
                try message(bob, "other", at: 20, key: "k"),
                .messageConflict(clientMessageID: "k", conversationID("c"))
            ),
            (
                try message(bob, "two", at: 21, key: "k"),
                .messageConflict(clientMessageID: "k", conversationID("c"))
            ),
            (
                .read(conversationID("c"), bob, .none, upTo: 5),
                .readBeyondLast(upTo: 5, lastN: 4, conversationID("c"))
            ),
            (.read(conversationID("c"), carol, .none, upTo: 1), .notAParticipant(carol, conversationID("c"))),
            (try message(bob, "x", at: 1, key: "a\0"), .unusableText),
        ]
        for (record, error) in bad {
            #expect(throws: error) { try run(history() + [record]) }
            #expect(try store.isEmpty())
        }
        var rest = try history()[...]
        #expect(throws: BadLine.self) {
            try store.importRecords {
                if rest.isEmpty { throw BadLine() }
                return rest.popFirst()
            }
        }
        #expect(try store.isEmpty())
        try run(history())
        #expect(try await store.allMessages(conversationID("c")).count == 4)
    }

    private func prune(before milliseconds: Int64) throws {
        store.close()
        let offline = try home.remover()
        defer { offline.close() }
        _ = try offline.prune(.everything, before: Timestamp(milliseconds: milliseconds))
    }

    private func again(_ records: [ImportRecord]) throws -> (any Store, ImportSummary) {
        let store = try home.open()
        var rest = records[...]
        return (store, try store.importRecords { rest.popFirst() })
    }

    @Test("What was pruned does not come back, with or without a key; what is new comes, and nothing is read by it")
    func pruned() async throws {
        try run(history())
        _ = try await store.send(draft(alice, to: .id(conversationID("c")), "live"))
        try prune(before: 25)
        let late = try message(alice, "never seen, and older than what was pruned", at: 24)
        let (store, summary) = try again(history() + [late, try message(bob, "new", at: 25)])
        defer { store.close() }
        #expect(summary.messages == 1 && summary.pruned == 4)
        let messages = try await store.allMessages(conversationID("c"))
        #expect(messages.map(\.content) == ["same", "same", "live", "new"])
        #expect(messages.map(\.n) == [3, 4, 5, 6])
        #expect(try await store.list(of: bob).conversations[0].unread == 1)
        #expect(try await store.allMessages(conversationID("g")).isEmpty)
    }

    @Test("Where all was pruned, a marker without a position reads nothing that people have written since")
    func allPruned() async throws {
        try run(history())
        try prune(before: 31)
        let open = try home.open()
        _ = try await open.send(draft(alice, to: .id(conversationID("c")), "live"))
        open.close()
        let (store, summary) = try again(history())
        defer { store.close() }
        #expect(summary.messages == 0 && summary.pruned == 5)
        #expect(try await store.list(of: bob).conversations.first { $0.conversation.id.text == "c" }?.unread == 1)
    }

    @Test("An emptied message behind a newer one stays empty, whether it has a key or not")
    func emptied() async throws {
        let records = try [
            conversation("c", alice, bob), message(alice, "newer", at: 50), message(bob, "old", at: 10),
            message(bob, "keyed", at: 11, key: "k"), .read(conversationID("c"), alice, .none, upTo: nil),
        ]
        try run(records)
        _ = try await store.send(draft(bob, to: .id(conversationID("c")), "live"))
        try prune(before: 20)
        let (store, summary) = try again(records)
        defer { store.close() }
        #expect(summary.messages == 0 && summary.pruned == 1)
        #expect(try await store.allMessages(conversationID("c")).map(\.content) == ["newer", "", "", "live"])
        #expect(try await store.list(of: alice).conversations[0].unread == 1)
    }

    @Test("A name that changes by import changes the lists that show it")
    func rename() async throws {
        try run(history())
        let before = try await store.list(of: carol)
        try run([.person(Person(id: alice, name: "Alice Smith"), .none)])
        let after = try await store.list(of: carol, .since(before.position))
        #expect(after.conversations.map(\.conversation.id.text) == ["g"])
        #expect(after.conversations[0].people[0].name == "Alice Smith")
    }

    @Test("A list that was polled before an import is told of everything the import changed")
    func polledBefore() async throws {
        try run(history())
        let before = try await store.list(of: alice)
        try run([try message(bob, "new", at: 50), .read(conversationID("g"), bob, .none, upTo: nil)])
        let after = try await store.list(of: alice, .since(before.position))
        #expect(after.conversations.map(\.conversation.id.text) == ["c", "g"])
        #expect(after.position == after.latestChange && after.latestChange > before.latestChange)
    }
}
