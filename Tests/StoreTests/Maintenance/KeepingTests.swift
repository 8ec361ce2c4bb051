import Messaging
import StoreTestSupport
import TestSupport
import Testing

/// Random histories that are exported, pruned and erased, against what is left of them by definition.
@Suite(.onEachStore)
struct KeepingTests {
    private struct Said: Equatable {
        let n: Int64
        let sender: UserID
        var text: String
        let at: Int64
    }

    private static let users = [alice, bob, carol]
    private let id = conversationID("c")
    private let home: StoreHome

    init() throws {
        home = try StoreHome()
    }

    /// A conversation of messages with times in no order.
    private func history(_ chance: inout Generator) async throws -> [Said] {
        let said = (1...Int64.random(in: 1...30, using: &chance)).map { n in
            Said(
                n: n, sender: Self.users.randomElement(using: &chance) ?? alice, text: "text \(n)",
                at: .random(in: 0..<9, using: &chance) + n)
        }
        let store = try home.open()
        defer { store.close() }
        let newConversation = try NewConversation(id: id, participants: Self.users, isDirect: false)
        var records: [ImportRecord] = [
            .person(Person(id: alice, name: "Alice"), .none), .conversation(newConversation, .none, openedAt: noon),
        ]
        records += try said.map { said in
            .message(
                ImportedMessage(
                    conversation: id, sender: said.sender, content: try MessageContent(said.text),
                    sentAt: Timestamp(milliseconds: said.at), clientMessageID: nil), .none)
        }
        for user in Self.users {
            records.append(.read(id, user, .none, upTo: .random(in: 0...Int64(said.count), using: &chance)))
        }
        var rest = records[...]
        try store.importRecords { rest.popFirst() }
        return said
    }

    /// Expects a second import of the whole history to bring nothing back and to mark nothing as read, and takes what comes after it.
    private func takesHistoryAgain(_ said: [Said], pruned: PruneSummary) async throws {
        let before = try await stored()
        let newConversation = try NewConversation(id: id, participants: Self.users, isDirect: false)
        func record(_ said: Said) throws -> ImportRecord {
            .message(
                ImportedMessage(
                    conversation: id, sender: said.sender, content: try MessageContent(said.text),
                    sentAt: Timestamp(milliseconds: said.at), clientMessageID: nil), .none)
        }
        let store = try home.open()
        let history = try [.conversation(newConversation, .none, openedAt: noon)] + said.map(record)
        var rest = history[...]
        let again = try store.importRecords { rest.popFirst() }
        #expect(
            again.messages == 0 && again.skipped == again.records && again.pruned == pruned.removed + pruned.emptied)
        store.close()
        let after = try await stored()
        #expect(after.messages == before.messages && after.unread == before.unread)
    }

    /// What is in the store, with each user's unread count by the rule and by the store.
    private func stored() async throws -> (messages: [Said], unread: [[Int64]]) {
        let store = try home.open()
        defer { store.close() }
        let messages = try await store.allMessages(id).map {
            Said(n: $0.n, sender: $0.sender, text: $0.content, at: $0.sentAt.milliseconds)
        }
        var unread: [[Int64]] = []
        for user in Self.users {
            let entry = try await store.list(of: user).conversations[0]
            let conversation = entry.conversation
            let rule = UnreadMessages(
                by: user, after: conversation.participants.first { $0.user == user }?.readUpTo ?? 0,
                latest: conversation.lastN, prunedUpTo: conversation.prunedUpTo)
            unread.append([Int64(messages.count { rule.contains($0.n, from: $0.sender) }), entry.unread])
        }
        return (messages, unread)
    }

    @Test(
        "What is left after pruning has its numbers, texts, unread counts and no faults",
        arguments: 1...12 as ClosedRange<UInt64>)
    func pruning(seed: UInt64) async throws {
        var chance = Generator(seed: seed)
        let said = try await history(&chance)
        let moment = Int64.random(in: 0...40, using: &chance)
        let first = said.first { $0.at >= moment }?.n ?? .max
        let left = said.filter { $0.n >= first }.map { said in
            var said = said
            if said.at < moment { said.text = "" }
            return said
        }
        let offline = try home.remover()
        let pruned = try offline.prune(.everything, before: Timestamp(milliseconds: moment))
        #expect(pruned.removed == said.count - left.count && pruned.emptied == left.count { $0.text.isEmpty })
        #expect(try offline.prune(.everything, before: Timestamp(milliseconds: moment)) == .init())
        try offline.compact()
        offline.close()
        let (messages, unread) = try await stored()
        #expect(messages == left)
        #expect(unread.allSatisfy { $0[0] == $0[1] })
        #expect(try home.check() == [])
        try await takesHistoryAgain(said, pruned: pruned)
        try await goesOnAfterExport()
    }

    @Test("An erased user's texts are empty and nobody else's are", arguments: 1...3 as ClosedRange<UInt64>)
    func erasing(seed: UInt64) async throws {
        var chance = Generator(seed: seed)
        let said = try await history(&chance)
        let offline = try home.remover()
        #expect(try offline.erase(alice, tenant: .none) == said.count { $0.sender == alice })
        #expect(try offline.erase(alice, tenant: .none) == 0)
        #expect(try offline.erase(alice, tenant: TenantID(trusted: "acme")) == nil)
        offline.close()
        #expect(try await stored().messages.map(\.text) == said.map { $0.sender == alice ? "" : $0.text })
        try await goesOnAfterExport()
    }

    /// Expects an import of an export to export the same, and to take further messages.
    private func goesOnAfterExport() async throws {
        let records = try home.export()
        let last = try await stored().messages.last?.n
        let other = try StoreHome()
        let store = try other.open()
        var rest = records[...]
        try store.importRecords { rest.popFirst() }
        rest = records[...]
        let again = try store.importRecords { rest.popFirst() }
        #expect(again.skipped == again.records)
        let next = try await store.send(draft(bob, to: .id(id), "next")).message.n
        #expect(last == nil || next == (last ?? 0) + 1)
        store.close()
        var copied = try other.export()
        copied.removeAll { if case .message(let message, _) = $0 { message.content?.text == "next" } else { false } }
        #expect(copied == records)
        #expect(try other.check() == [])
    }

    @Test("No removal begins a new epoch, and one that names a conversation that is not there removes nothing")
    func epochs() async throws {
        var chance = Generator(seed: 1)
        let said = try await history(&chance)
        func epoch() throws -> Epoch {
            let store = try home.open()
            defer { store.close() }
            return store.epoch
        }
        let first = try epoch()
        let offline = try home.remover()
        #expect(throws: MessagingError.conversationNotFound) {
            try offline.prune(.conversations([id, conversationID("none")], .none), before: noon)
        }
        #expect(try offline.erase(alice, tenant: .none) != nil)
        #expect(try offline.prune(.everything, before: noon).removed == said.count)
        offline.close()
        #expect(try epoch() == first)
    }

    @Test("An erased message has no content and keeps its number; it can be erased again, and no other is touched")
    func message() async throws {
        var chance = Generator(seed: 2)
        let said = try await history(&chance)
        let offline = try home.remover()
        let first = MessageID(conversation: id, n: 1)
        #expect(try offline.erase(first, tenant: .none) == true)
        #expect(try offline.erase(first, tenant: .none) == false)
        #expect(try offline.erase(MessageID(conversation: id, n: Int64(said.count) + 1), tenant: .none) == nil)
        #expect(try offline.erase(MessageID(conversation: conversationID("none"), n: 1), tenant: .none) == nil)
        #expect(try offline.erase(first, tenant: TenantID(trusted: "acme")) == nil)
        offline.close()
        #expect(try await stored().messages.map(\.text) == said.map { $0.n == 1 ? "" : $0.text })
        try await goesOnAfterExport()
    }
}
