import Messaging
import StoreTestSupport
import StoreWork
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Imports beside requests")
struct ServedImportTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static let people = ["a", "b", "c", "d"].map { UserID(trusted: $0) }

    private func message(_ id: String, _ sender: UserID, _ text: String, at time: Int, key: String? = nil)
        -> ImportRecord
    {
        .message(
            ImportedMessage(
                conversation: conversationID(id), sender: sender, content: try? MessageContent(history: text),
                sentAt: Timestamp(milliseconds: Int64(time)), clientMessageID: key), .none)
    }

    private func conversation(_ id: String, _ users: [UserID], activity: Int64? = nil) throws -> ImportRecord {
        .conversation(
            try NewConversation(id: conversationID(id), participants: users, isDirect: false), .none, openedAt: noon,
            activity: activity)
    }

    /// Conversations whose messages come mixed, some of them equal, some with keys, some conversations without any.
    private func history(_ random: inout Generator) throws -> [ImportRecord] {
        var records: [ImportRecord] = Self.people.map { .person(Person(id: $0, name: "Name \($0.text)"), .none) }
        var members: [String: [UserID]] = [:]
        for number in 0..<8 {
            let users = Array(Self.people.shuffled(using: &random).prefix(random.pick([2, 3, 4])))
            members["c\(number)"] = users
            records.append(try conversation("c\(number)", users, activity: random.once(in: 4) ? Int64(number) : nil))
        }
        for number in 0..<200 {
            // The last two have no messages.
            let id = "c\(random.below(6))"
            guard let users = members[id] else { continue }
            let sender = random.pick(users)
            let text = random.pick(["same", "same", "text \(number)"])
            let key = random.once(in: 3) ? "k\(number)" : nil
            records.append(message(id, sender, text, at: 1000 * random.below(300) / 100 * 100, key: key))
            if random.once(in: 10) { records.append(.read(conversationID(id), random.pick(users), .none, upTo: nil)) }
        }
        return records
    }

    /// Stores records in batches of random sizes; the last part of an import is left out where `isCut`.
    private func run(
        _ records: [ImportRecord], in store: SQLiteStore, _ random: inout Generator, isCut: Bool = false
    ) throws -> ImportSummary {
        let served = store.beginImport()
        var rest = records[...]
        while !rest.isEmpty {
            let count = try served.store(rest.prefix(1 + random.below(40)))
            #expect(count > 0)
            rest = rest.dropFirst(count)
        }
        if !isCut { while try !served.arrange() {} }
        return served.summary
    }

    private func export(_ path: String) throws -> [ImportRecord] {
        var records: [ImportRecord] = []
        try ReadOnlyDatabase(path: path).export { records.append($0) }
        return records
    }

    /// What an import in one transaction makes of the records.
    private func exportOfWhole(_ records: [ImportRecord]) throws -> ([ImportRecord], ImportSummary) {
        let other = try Folder()
        let store = try SQLiteStore(path: other.database)
        var rest = records[...]
        let summary = try store.importRecords { rest.popFirst() }
        store.close()
        return (try export(other.database), summary)
    }

    @Test("In steps of any size it leaves the same as in one transaction", arguments: 1...8)
    func sameAsWhole(seed: UInt64) throws {
        var random = Generator(seed: seed)
        let records = try history(&random)
        let (expected, whole) = try exportOfWhole(records)
        let store = try SQLiteStore(path: folder.database)
        let summary = try run(records, in: store, &random)
        store.close()
        #expect(summary == whole)
        #expect(try export(folder.database) == expected)
        #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
    }

    @Test("Where it was cut off anywhere, the next one completes it, and a third changes nothing", arguments: 1...8)
    func completes(seed: UInt64) throws {
        var random = Generator(seed: seed)
        let records = try history(&random)
        let (expected, whole) = try exportOfWhole(records)
        let recorder = Recorder()
        let store = try SQLiteStore(path: folder.database, observer: recorder)
        let first = try run(Array(records.prefix(random.below(records.count))), in: store, &random, isCut: true)
        let second = try run(records, in: store, &random)
        #expect(first.messages + second.messages == whole.messages)
        _ = recorder.take()
        let third = try run(records, in: store, &random)
        #expect(third.skipped == third.records && recorder.take() == [])
        store.close()
        #expect(try export(folder.database) == expected)
        #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
    }

    @Test("What people write meanwhile keeps its number and its place, and is not read by the import")
    func besideSends() async throws {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        let served = store.beginImport()
        func take(_ records: ImportRecord...) throws {
            var rest = records[...]
            while !rest.isEmpty { rest = rest.dropFirst(try served.store(rest)) }
        }
        try take(
            conversation("c", [alice, bob]), conversation("d", [alice, bob]), message("c", alice, "one", at: 1),
            message("d", alice, "late", at: 9))
        _ = try await store.send(draft(bob, to: .id(conversationID("c")), "one"))
        // Equal to the first, and not the same; a marker goes to what the import has reached.
        try take(message("c", alice, "one", at: 1), .read(conversationID("c"), bob, .none, upTo: nil))
        _ = try await store.send(draft(bob, to: .id(conversationID("c")), "live"))
        try take(.read(conversationID("c"), alice, .none, upTo: nil))
        while try !served.arrange() {}
        let messages = try await store.allMessages(conversationID("c"))
        #expect(messages.map(\.content) == ["one", "one", "one", "live"])
        #expect(messages.map(\.sender) == [alice, bob, alice, bob])
        let list = try await store.list(of: alice).conversations
        #expect(list.map(\.conversation.id.text) == ["c", "d"], "the latest message is a live one")
        #expect(list[0].unread == 1)
    }

    @Test("A record that cannot be imported ends it there, and those before it stay")
    func refusal() async throws {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        let served = store.beginImport()
        let records = [
            try conversation("c", [alice, bob]), message("c", alice, "one", at: 1), message("c", carol, "two", at: 2),
            message("c", alice, "three", at: 3),
        ]
        var rest = records[...]
        #expect(throws: ImportError.notAParticipant(carol, conversationID("c"))) {
            while !rest.isEmpty { rest = rest.dropFirst(try served.store(rest)) }
        }
        #expect(rest.startIndex == 2)
        #expect(try await store.allMessages(conversationID("c")).map(\.content) == ["one"])
    }

    @Test("An import touches as many conversations as it may, and not one more")
    func mostConversations() async throws {
        var bounds = StoreBounds()
        bounds.conversationsImported = 2
        let store = try SQLiteStore(path: folder.database, bounds: bounds)
        defer { store.close() }
        let served = store.beginImport()
        let records = [
            try conversation("c", [alice, bob]), try conversation("d", [alice, bob]), message("c", alice, "one", at: 1),
            message("d", alice, "two", at: 2), .person(Person(id: alice, name: "Alice"), .none),
            try conversation("e", [alice, bob]), message("c", alice, "three", at: 3),
        ]
        var rest = records[...]
        #expect(throws: ImportError.tooLargeBesideRequests) {
            while !rest.isEmpty { rest = rest.dropFirst(try served.store(rest)) }
        }
        #expect(rest.startIndex == 5)
        #expect(try await store.allMessages(conversationID("d")).map(\.content) == ["two"])
        // Another import begins anew.
        let other = store.beginImport()
        #expect(try other.store([try conversation("e", [alice, bob])]) == 1)
    }

    @Test(
        "An import compares with as many stored messages without a key as it may, and not one more", arguments: [2, 3])
    func mostUnmatched(stored: Int) async throws {
        var bounds = StoreBounds()
        bounds.messagesCompared = 2
        let store = try SQLiteStore(path: folder.database, bounds: bounds)
        defer { store.close() }
        try store.open("c", alice, bob)
        for n in 0..<stored { _ = try await store.send(draft(alice, to: .id(conversationID("c")), "live \(n)")) }
        let served = store.beginImport()
        // One with a key is looked up instead.
        #expect(try served.store([message("c", bob, "keyed", at: 1, key: "k")]) == 1)
        let record = message("c", bob, "not keyed", at: 2)
        if stored == 2 {
            #expect(try served.store([record]) == 1)
        } else {
            #expect(throws: ImportError.tooLargeBesideRequests) { try served.store([record]) }
        }
        #expect(try await store.allMessages(conversationID("c")).count == stored + (stored == 2 ? 2 : 1))
    }

    @Test(
        "Where it was cut off in a conversation whose messages lost their content when it was pruned, the next completes it"
    )
    func completesPruned() throws {
        // What an export says of a conversation that was pruned: one message is gone, and two stand behind newer ones.
        let pruned = Timestamp(milliseconds: 20)
        func emptied(at time: Int, key: String? = nil) -> ImportRecord { message("c", alice, "", at: time, key: key) }
        for before in [pruned, nil] {
            let records: [ImportRecord] = [
                .conversation(
                    try NewConversation(id: conversationID("c"), participants: [alice, bob], isDirect: false), .none,
                    openedAt: noon, pruning: Pruning(upTo: 1, before: before)),
                message("c", alice, "newer", at: 50), emptied(at: 10), emptied(at: 11, key: "k"), emptied(at: 10),
                message("c", bob, "newest", at: 60), .read(conversationID("c"), bob, .none, upTo: nil),
            ]
            let (expected, whole) = try exportOfWhole(records)
            for cut in 0...records.count {
                let folder = try Folder()
                let store = try SQLiteStore(path: folder.database)
                var random = Generator(seed: UInt64(cut))
                let first = try run(Array(records.prefix(cut)), in: store, &random, isCut: true)
                let second = try run(records, in: store, &random)
                #expect(first.messages + second.messages == whole.messages && second.pruned == 0)
                store.close()
                #expect(try export(folder.database) == expected, "cut after \(cut)")
                #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
            }
        }
    }

    @Test("Observers learn of each conversation that changed as it is on disk")
    func observed() async throws {
        let recorder = Recorder()
        let store = try SQLiteStore(path: folder.database, observer: recorder)
        defer { store.close() }
        try store.open("c", alice, bob)
        _ = recorder.take()
        let served = store.beginImport()
        _ = try served.store([message("c", alice, "one", at: 1)])
        let commit = try #require(recorder.take().last)
        let stored = try await store.conversation(.id(conversationID("c")), of: caller(alice))
        #expect(commit.conversation == stored && commit.conversation.lastN == 1 && commit.message == nil)
        #expect(Set(commit.listChanges.map(\.user)) == [alice, bob])
        let sent = try await store.send(draft(bob, to: .id(conversationID("c")), "two"))
        #expect(sent.message.n == 2)
    }
}
