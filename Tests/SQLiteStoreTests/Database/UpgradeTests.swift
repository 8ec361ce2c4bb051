import Foundation
import GRDB
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// Databases as earlier versions of the schema left them, each in a file under `Schemas`.
struct UpgradeTests {
    static let earlier = Array(1..<Schema.version)

    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func lay(_ version: UInt32, then sql: String = "") throws {
        let file = try #require(
            Bundle.module.url(forResource: "v\(version)", withExtension: "sql", subdirectory: "Schemas"))
        let queue = try DatabaseQueue(path: folder.database)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: String(contentsOf: file, encoding: .utf8))
            try db.execute(sql: sql)
        }
        try queue.close()
    }

    @Test(
        "A database of an earlier version opens with everything in it, and is then as a new one is", arguments: earlier)
    func opens(version: UInt32) async throws {
        try lay(version)
        #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
        let epoch = try await DatabaseQueue(path: folder.database).read { try StoredEpoch(db: $0).read() }
        let store = try SQLiteStore(path: folder.database)
        #expect(store.epoch == epoch, "an upgrade does not change the epoch")
        let key = store.cursorKey
        #expect(try await store.allMessages(conversationID("conv-1")).map(\.content) == ["Hi", "Hi yourself 👋"])
        #expect(try await store.list(of: bob).conversations.map(\.unread) == [1, 1, 0])
        #expect(try await store.send(draft(alice, to: .direct(with: bob), "It's direct", key: "k-1")).replayed)
        #expect(try await store.send(draft(alice, to: .id(conversationID("conv-1")))).message.n == 3)
        store.close()
        let report = try ReadOnlyDatabase.check(path: folder.database)
        #expect(report.faults == [] && report.messages == 6)
        let again = try SQLiteStore(path: folder.database)
        #expect(again.cursorKey == key, "the upgrade makes it once")
        again.close()
    }

    @Test("An upgrade keeps the order of lists that are long, and counts the people of large conversations")
    func lists() async throws {
        try lay(
            2,
            then: """
                WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300)
                INSERT INTO conversations (key, tenant_id, id, opened_at_ms, last_n, activity, change)
                    SELECT n + 100, '', 'many-' || n, 0, 0, n + 100, n + 100 FROM n;
                INSERT INTO participants (conversation_key, user_id, tenant_id, read_up_to, change)
                    SELECT key, u.id, '', 0, 0 FROM conversations JOIN (SELECT 'mia' AS id UNION SELECT 'ned') u WHERE key > 100;
                WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 39)
                INSERT INTO participants (conversation_key, user_id, tenant_id, read_up_to, change)
                    SELECT 2, 'x' || n, '', 1, 0 FROM n;
                UPDATE store SET value = 1000 WHERE key = 'change'
                """)
        let store = try SQLiteStore(path: folder.database)
        let isLong = try await store.pool.read { db in
            try ["mia", "ned", "bob"].map { try LongLists(db: db).contains(UserID(trusted: $0), tenant: .none) }
        }
        #expect(isLong == [true, true, false])
        let mia = UserID(trusted: "mia")
        let page = try await store.list(of: mia, limit: 2)
        #expect(page.conversations.map(\.conversation.id.text) == ["many-300", "many-299"])
        #expect(page.latestChange == 400)
        #expect(try await store.list(of: mia, .since(398), limit: 2).conversations.count == 2)
        let large = try #require(try await store.list(of: UserID(trusted: "x10")).conversations.first)
        #expect(large.participantCount == 33 && large.people.count == 20)
        store.close()
        #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
    }

    @Test(
        "An upgrade that fails leaves the database of the earlier version as it was",
        arguments: [
            (1, "ALTER TABLE conversations ADD COLUMN pruned_up_to INTEGER"),
            (2, "INSERT INTO store VALUES ('cursor_key', 'there already')"),
            (3, "ALTER TABLE conversations ADD COLUMN pruned_before_ms INTEGER"),
            (4, "CREATE TABLE retention (tenant_id TEXT)"),
        ])
    func fails(version: UInt32, obstacle: String) throws {
        try lay(version, then: obstacle)
        let before = try folder.contents()
        #expect(throws: SQLiteStoreError.self) { try SQLiteStore(path: folder.database) }
        #expect(try folder.contents() == before)
    }
}
