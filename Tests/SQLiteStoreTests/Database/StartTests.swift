import Foundation
import GRDB
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

struct StartTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// Expects that opening is refused and that the folder is as it was.
    private func expectRefusal(_ expected: SQLiteStoreError) throws {
        let before = try folder.contents()
        #expect(throws: expected) { try SQLiteStore(path: folder.database) }
        #expect(try folder.contents() == before)
    }

    @Test("A missing folder is named and not made")
    func missingFolder() throws {
        let path = folder.path + "/missing/postbox.sqlite"
        #expect(throws: SQLiteStoreError.folderMissing(path: path)) { try SQLiteStore(path: path) }
        #expect(try folder.contents().isEmpty)
    }

    @Test(
        "A file or folder that may not be written is refused",
        .enabled(if: geteuid() != 0, "the superuser may write everywhere"))
    func notWritable() throws {
        try SQLiteStore(path: folder.database).close()
        chmod(folder.database, 0o444)
        try expectRefusal(.notWritable(path: folder.database))
        chmod(folder.database, 0o644)
        chmod(folder.path, 0o555)
        defer { chmod(folder.path, 0o755) }
        try expectRefusal(.notWritable(path: folder.database))
    }

    @Test(
        "A file that is no database is refused and left alone",
        arguments: ["hello", String(repeating: "x", count: 5000)])
    func notADatabase(text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.database))
        try expectRefusal(.notADatabase(path: folder.database))
    }

    @Test("A folder in the place of the file is refused")
    func folderInstead() throws {
        try FileManager.default.createDirectory(atPath: folder.database, withIntermediateDirectories: false)
        #expect(throws: SQLiteStoreError.notADatabase(path: folder.database)) { try SQLiteStore(path: folder.database) }
    }

    @Test("A database of another program is refused and left alone")
    func notPostbox() throws {
        let other = try DatabaseQueue(path: folder.database)
        try other.write { try $0.execute(sql: "CREATE TABLE t (a); INSERT INTO t VALUES (1)") }
        try other.close()
        try expectRefusal(.notPostbox(path: folder.database))
    }

    @Test("A database of a newer version is refused and left alone")
    func newerSchema() throws {
        try SQLiteStore(path: folder.database).close()
        let newer = try DatabaseQueue(path: folder.database)
        try newer.write { try $0.execute(sql: "PRAGMA user_version = \(Schema.version + 1)") }
        try newer.close()
        try expectRefusal(.newerSchema(path: folder.database))
    }

    @Test("A database with a migration that this version does not know is refused")
    func supersededSchema() throws {
        try SQLiteStore(path: folder.database).close()
        let newer = try DatabaseQueue(path: folder.database)
        try newer.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v\(Schema.version + 1)')") }
        try newer.close()
        try expectRefusal(.newerSchema(path: folder.database))
    }

    @Test(
        "A database that is open already is refused, and the first one goes on; once it is closed, another may open it")
    func held() async throws {
        let first = try SQLiteStore(path: folder.database)
        #expect(throws: SQLiteStoreError.held(path: folder.database)) { try SQLiteStore(path: folder.database) }
        let id = try first.open("c", alice, bob)
        _ = try await first.send(draft(alice, to: .id(id)))
        first.close()
        let second = try SQLiteStore(path: folder.database)
        #expect(try await second.allMessages(id).count == 1)
    }

    @Test("A database that another process has locked is refused and left alone")
    func heldElsewhere() throws {
        try SQLiteStore(path: folder.database).close()
        // A lock on a description of its own is to flock what another process is.
        let other = open(folder.database, O_RDWR)
        defer { close(other) }
        try #require(flock(other, LOCK_EX | LOCK_NB) == 0)
        try expectRefusal(.held(path: folder.database))
    }

    @Test("A closed database can be opened, although a process that is being started has copies of all descriptors")
    func copiedDescriptors() throws {
        let store = try SQLiteStore(path: folder.database)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == folder.database
        }
        let copies = open.compactMap { Int32($0) }.map { dup($0) }
        defer { for copy in copies { close(copy) } }
        #expect(!copies.isEmpty)
        store.close()
        try SQLiteStore(path: folder.database).close()
    }

    @Test("A file made for an opening that failed is removed again")
    func failedCreation() throws {
        // SQLite finds a folder where its journal must go.
        try FileManager.default.createDirectory(
            atPath: folder.database + "-journal/x", withIntermediateDirectories: true)
        #expect(throws: SQLiteStoreError.self) { try SQLiteStore(path: folder.database) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["postbox.sqlite-journal"])
    }

    @Test("A new database says whose it is, has its epoch and its cursor key, and syncs every commit")
    func creation() async throws {
        let store = try SQLiteStore(path: folder.database, random: 7, newCursorKey: CursorKey(random: 8, 9))
        #expect(store.epoch == Epoch(random: 7))
        #expect(store.cursorKey == CursorKey(random: 8, 9))
        #expect(try store.isEmpty())
        let header = try Data(contentsOf: URL(fileURLWithPath: folder.database)).prefix(100)
        #expect(DatabaseHeader(header) == .database(applicationID: 0x506F_7374, schemaVersion: Schema.version))
        let settings = try await store.pool.writeWithoutTransaction { db in
            try ["journal_mode", "synchronous", "foreign_keys"].map { try String.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(settings == ["wal", "2", "1"])
    }

    @Test("An empty file becomes a database")
    func emptyFile() throws {
        try Data().write(to: URL(fileURLWithPath: folder.database))
        let store = try SQLiteStore(path: folder.database)
        #expect(try store.isEmpty())
    }

    @Test("A database whose making was cut short after any of its commits is finished by the next start")
    func interruptedCreation() throws {
        let begun = try DatabaseQueue(path: folder.database)
        try begun.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = 0x506F7374") }
        try begun.close()
        try SQLiteStore(path: folder.database).close()
        try FileManager.default.removeItem(atPath: folder.database)

        let further = try DatabaseQueue(path: folder.database)
        try further.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA application_id = 0x506F7374")
            try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        try further.close()
        let store = try SQLiteStore(path: folder.database)
        #expect(try store.isEmpty())
    }

    @Test("A restart keeps everything, and a closed database is one file")
    func restart() async throws {
        let first = try SQLiteStore(path: folder.database)
        let id = try first.open("c", alice, bob)
        _ = try await first.send(draft(alice, to: .id(id), "one", key: "k"))
        _ = try await first.markRead(id, upTo: nil, by: caller(bob))
        try await first.setPerson(Person(id: alice, name: "Alice"), tenant: .none)
        let before = try await first.list(of: bob)
        let messages = try await first.allMessages(id)
        first.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["postbox.sqlite"])

        let second = try SQLiteStore(path: folder.database)
        #expect(second.epoch == first.epoch)
        #expect(second.cursorKey == first.cursorKey)
        #expect(try await second.list(of: bob) == before)
        #expect(try await second.allMessages(id) == messages)
        #expect(try await second.send(draft(alice, to: .id(id), "one", key: "k")).replayed)
        _ = try await second.send(draft(alice, to: .id(id), "two"))
        #expect(try await second.latestChange(for: caller(bob)) == before.latestChange + 1)
    }

    @Test("A database copied while it was open, as a crash leaves it, opens with every answered message")
    func crash() async throws {
        let store = try SQLiteStore(path: folder.database)
        let id = try store.open("c", alice, bob)
        for index in 1...20 { _ = try await store.send(draft(alice, to: .id(id), "\(index)")) }
        let copy = try Folder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: folder.database + suffix, toPath: copy.database + suffix)
        }
        let recovered = try SQLiteStore(path: copy.database)
        #expect(try await recovered.allMessages(id).map(\.content) == (1...20).map { "\($0)" })
    }
}
