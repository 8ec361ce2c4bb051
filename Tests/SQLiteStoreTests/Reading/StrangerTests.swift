import GRDB
import GRDBSQLite
import Messaging
import Synchronization
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// What it takes to say no to somebody who does not take part: as much as where there is nothing, however many do take part.
struct StrangerTests {
    /// Counts the instructions of SQLite's virtual machine on a connection.
    private final class Steps: Sendable {
        let count = Atomic<Int>(0)

        func begin(on db: Database) {
            count.store(0, ordering: .relaxed)
            let context = Unmanaged.passUnretained(self).toOpaque()
            sqlite3_progress_handler(
                db.sqliteConnection, 1,
                { context in
                    guard let context else { return 0 }
                    Unmanaged<Steps>.fromOpaque(context).takeUnretainedValue().count.add(1, ordering: .relaxed)
                    return 0
                }, context)
        }

        func end(on db: Database) -> Int {
            sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil)
            return count.load(ordering: .relaxed)
        }
    }

    private let folder: Folder
    private let store: SQLiteStore
    private let steps = Steps()
    private static let (crowd, pair, nobodys) = (
        conversationID("crowd"), conversationID("pairs"), conversationID("nobod")
    )

    init() throws {
        folder = try Folder()
        store = try SQLiteStore(path: folder.database)
        let users = (0..<499).map { UserID(trusted: "user-\($0)") } + [alice]
        for (id, users) in [(Self.crowd, users), (Self.pair, [alice, bob])] {
            let newConversation = try NewConversation(id: id, participants: users, isDirect: false)
            _ = try store.open(newConversation, tenant: .none, at: noon)
        }
    }

    /// What the writer's connection does for a write that is refused.
    private func steps(ofWriting write: () async throws -> Void) async throws -> Int {
        try await store.pool.writeWithoutTransaction { steps.begin(on: $0) }
        await #expect(throws: MessagingError.conversationNotFound) { try await write() }
        return try await store.pool.writeWithoutTransaction { steps.end(on: $0) }
    }

    private func expectAlike(_ count: (ConversationID) async throws -> Int) async throws {
        // Statements are compiled the first time.
        for id in [Self.crowd, Self.pair, Self.nobodys] { _ = try await count(id) }
        let none = try await count(Self.nobodys)
        for id in [Self.crowd, Self.pair] {
            let foreign = try await count(id)
            #expect(abs(foreign - none) <= 6, "\(id): \(foreign) steps, and \(none) for none")
        }
    }

    @Test("A message to others' conversation costs as much as one to none, in memory or not")
    func send() async throws {
        for _ in 0..<2 {
            for key in [nil, "key"] {
                try await expectAlike { id in
                    try await steps { _ = try await store.send(draft(carol, to: .id(id), key: key)) }
                }
            }
            // From here on the writer has the pair in memory.
            _ = try await store.send(draft(alice, to: .id(Self.pair)))
        }
    }

    @Test("A read marker in others' conversation costs as much as one in none")
    func markRead() async throws {
        try await expectAlike { id in
            try await steps { _ = try await store.markRead(id, upTo: nil, by: caller(carol)) }
        }
    }

    @Test("Looking up others' conversation costs as much as looking up none")
    func lookUp() async throws {
        try await expectAlike { id in
            try await store.read { [steps] db in
                steps.begin(on: db)
                let found = try StoredConversations(db: db).findOwn(.id(id), of: caller(carol))
                #expect(found == nil)
                return steps.end(on: db)
            }
        }
    }

    @Test(
        "A message to a recipient with the id of others' conversation costs as much as one to a user with no conversation's id"
    )
    func recipient() async throws {
        try await expectAlike { id in
            try await steps {
                var draft = try draft(carol, to: .direct(with: UserID(trusted: id.text)), recipient: id.text)
                draft.opening = .never
                _ = try await store.send(draft)
            }
        }
    }
}
