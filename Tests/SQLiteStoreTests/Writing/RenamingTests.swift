import GRDB
import Messaging
import Synchronization
import StoreWork
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// A name that goes through many conversations in steps.
struct RenamingTests {
    private static let count = 40
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// A store whose renamings take a conversation or two a step.
    private func open(_ recorder: Recorder? = nil) throws -> SQLiteStore {
        var bounds = StoreBounds()
        bounds.rowsRenamedAtOnce = 10
        return try SQLiteStore(path: folder.database, observer: recorder, bounds: bounds)
    }

    private func fill(_ store: SQLiteStore) async throws {
        for number in 10..<10 + Self.count { try store.open("c\(number)", alice, bob) }
        try await store.setPerson(Person(id: alice, name: "Old", company: "Acme"), tenant: .none)
    }

    private func step(_ store: SQLiteStore, _ name: String, number: Int64? = nil) async throws -> RenameProgress {
        try await store.writer.perform {
            try $0.setPerson(Person(id: alice, name: name), tenant: .none, number: number)
        }
    }

    /// What bob sees alice called in each conversation, with the change number under which he sees it.
    private func seen(_ store: SQLiteStore) async throws -> [ConversationID: (name: String, change: Int64)] {
        let changes = try await store.pool.read { db in
            try ["SELECT id, change FROM conversations"].flatMap { sql in
                try Row.fetchAll(db, sql: sql).map { (ConversationID(trusted: $0[0]), $0[1] as Int64) }
            }
        }
        let names = try await store.list(of: bob, limit: 500).conversations.map {
            ($0.conversation.id, $0.people[0].displayName)
        }
        let byID = Dictionary(uniqueKeysWithValues: changes)
        return Dictionary(uniqueKeysWithValues: names.map { ($0, (name: $1, change: byID[$0] ?? 0)) })
    }

    @Test("An erased name counts as removed from each conversation, so that no cache keeps it; a new name does not")
    func erased() async throws {
        let recorder = Recorder()
        let store = try open(recorder)
        try await fill(store)
        let before = recorder.commits.count
        #expect(!recorder.commits.contains { $0.isRemoval })
        _ = try store.erase(alice, tenant: .none)
        let removals = recorder.commits.dropFirst(before)
        #expect(removals.count == Self.count && removals.allSatisfy(\.isRemoval))
    }

    @Test(
        "Between two steps a conversation shows the new name just where it has a new change number, and one opened meanwhile the old"
    )
    func steps() async throws {
        let store = try open()
        try await fill(store)
        let before = try await seen(store)
        var progress = try await step(store, "New")
        guard case .unfinished(let number?) = progress else {
            Issue.record("it came to its end at once")
            return
        }
        try store.open("meanwhile", alice, bob)
        var sizes: [Int] = []
        while case .unfinished = progress {
            let now = try await seen(store)
            for (id, entry) in now where id.text != "meanwhile" {
                #expect((entry.name == "New") == (entry.change != before[id]?.change))
                #expect(["Old", "New"].contains(entry.name))
            }
            #expect(now[conversationID("meanwhile")]?.name == "Old")
            sizes.append(now.values.count { $0.name == "New" })
            progress = try await step(store, "New", number: number)
        }
        #expect(sizes.count >= Self.count / 2)
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $1 - $0 <= 2 })
        #expect(try await seen(store).values.allSatisfy { $0.name == "New" })
    }

    @Test("No step reads or writes more than its bound, however many conversations there are")
    func bounded() async throws {
        let commits = Mutex<[Int]>([])
        let counter = StepCounter()
        let filling = try SQLiteStore(path: folder.database)
        try await filling.setPerson(Person(id: alice, name: "Old"), tenant: .none)
        var records = try (0..<5000).map { number in
            ImportRecord.conversation(
                try NewConversation(
                    id: conversationID("c\(number)"), participants: [alice, UserID(trusted: "u\(number)")],
                    isDirect: false),
                .none, openedAt: noon)
        }[...]
        try filling.importRecords { records.popFirst() }
        filling.close()
        let store = try SQLiteStore(path: folder.database) { _ in commits.withLock { $0.append(counter.take()) } }
        try await store.pool.writeWithoutTransaction { counter.watch($0) }
        commits.withLock { $0 = [] }
        try await store.setPerson(Person(id: alice, name: "New"), tenant: .none)
        // The last step is told of after its caller is answered, and before the store is closed.
        store.close()
        let steps = commits.withLock { $0 }
        #expect(steps.count >= 20)
        #expect((steps.max() ?? 0) < 100_000)
    }

    @Test("A renaming that was cut off goes on with the next start, and with the user's next one")
    func resumed() async throws {
        var store = try open()
        try await fill(store)
        _ = try await step(store, "New")
        store.close()
        let recorder = Recorder()
        store = try open(recorder)
        // It goes on by itself, after the two conversations of the first step.
        while recorder.commits.count < Self.count - 2 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await seen(store).values.allSatisfy { $0.name == "New" })
        _ = try await step(store, "Newer")
        try await store.setPerson(Person(id: alice, name: "Newest"), tenant: .none)
        #expect(try await seen(store).values.allSatisfy { $0.name == "Newest" })
        store.close()
        #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
    }

    @Test("Renamings of one user that come at once all come to their ends, and one of them is what all see")
    func atOnce() async throws {
        let store = try open()
        try await fill(store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { try await store.setPerson(Person(id: alice, name: "Name \(number)"), tenant: .none) }
            }
            try await group.waitForAll()
        }
        let names = Set(try await seen(store).values.map(\.name))
        #expect(names.count == 1 && names.first?.hasPrefix("Name ") == true)
    }

    @Test("An import sets a name for all conversations, also where a renaming is on its way")
    func imported() async throws {
        let store = try open()
        try await fill(store)
        _ = try await step(store, "New")
        var records = [ImportRecord.person(Person(id: alice, name: "Imported"), .none)][...]
        try store.importRecords { records.popFirst() }
        #expect(try await seen(store).values.allSatisfy { $0.name == "Imported" })
    }
}
