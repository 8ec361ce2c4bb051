import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Commands that change a database", .timeLimit(.minutes(15)))
struct OfflineTests {
    let prepared: PreparedDatabase

    init() throws {
        prepared = try PreparedDatabase()
        let key = try prepared.open("c", ["a", "b"]).key
        try prepared.write([
            .init(key: key, sender: "a", content: "secret", at: 10), .init(key: key, sender: "b", at: 20),
        ])
    }

    private func offline() throws -> OfflinePostgres { try OfflinePostgres(address: prepared.database.connection) }

    private func epoch() throws -> String { try prepared.database.run("SELECT epoch FROM postbox.store") }

    @Test("They work beside a node, which goes on writing")
    func beside() throws {
        #expect(try offline().erase(UserID(trusted: "a"), tenant: TenantID(trusted: "t")) == 1)
        try prepared.write([.init(key: 1, sender: "a")])
        #expect(try prepared.database.run("SELECT string_agg(id::text, ' ') FROM postbox.nodes") == "7", "it left")
    }

    @Test("They wait for a node that answers from memory without looking at the feed, until it knows of them")
    func waits() async throws {
        let other = Node(version: "", bound: .zero)
        _ = try other.join(prepared.connection)
        try prepared.leave()
        #expect(try other.renew(prepared.connection, isAlone: false, position: nil, lookAge: nil).mayBeAlone)
        let address = prepared.database.connection
        let pruned = Task {
            try await elsewhere {
                _ = try OfflinePostgres(address: address).prune(.everything, before: Timestamp(milliseconds: 15))
            }.result.get()
        }
        let isThere = try await eventually { try prepared.database.run("SELECT count(*) FROM postbox.nodes") == "2" }
        #expect(isThere)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "2", "not before it is known")
        #expect(try other.renew(prepared.connection, isAlone: false, position: nil, lookAge: nil).others.count == 1)
        try await pruned.value
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "1")
    }

    @Test("Erasing counts a revision and begins no epoch, and leaves the content neither in the tables nor in the feed")
    func erase() throws {
        try prepared.leave()
        let before = try epoch()
        #expect(try offline().erase(UserID(trusted: "nobody"), tenant: TenantID(trusted: "t")) == nil)
        #expect(try epoch() == before, "nothing was changed")
        #expect(try offline().erase(UserID(trusted: "a"), tenant: TenantID(trusted: "t")) == 1)
        #expect(try epoch() == before)
        #expect(try prepared.database.run("SELECT max(revision) FROM postbox.conversations") == "1")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages WHERE content = 'secret'") == "0")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.feed") == "0")
        #expect(try prepared.faults() == [])
    }

    @Test("Compacting leaves no trace of removed content in the tables' files")
    func compact() throws {
        try prepared.leave()
        let text = "a text that is unique \(UInt64.random(in: 0 ... .max))"
        try prepared.join()
        try prepared.write([.init(key: 1, sender: "a", content: text)])
        try prepared.leave()
        func isInFile() throws -> Bool {
            try prepared.database.run("CHECKPOINT")
            return try prepared.database.run(
                "SELECT position('\(text)'::bytea IN pg_read_binary_file(pg_relation_filepath('postbox.messages'))) > 0"
            )
                == "t"
        }
        #expect(try isInFile())
        let offline = try offline()
        #expect(try offline.erase(UserID(trusted: "a"), tenant: TenantID(trusted: "t")) == 2)
        try offline.compact()
        #expect(try !isInFile())
        #expect(try prepared.faults() == [])
    }

    @Test("A new epoch begins when it is asked for, and nothing else changes")
    func newEpoch() throws {
        try prepared.leave()
        let messages = try prepared.export()
        #expect(try offline().beginEpoch(random: 42) == Epoch(random: 42))
        #expect(try epoch() == Epoch(random: 42).text)
        #expect(try prepared.export() == messages)
    }

    @Test("A conversation that does not exist is not pruned, nor are the others that were named")
    func unknown() throws {
        try prepared.leave()
        let ids = ["c", "nowhere"].map { ConversationID(trusted: $0) }
        #expect(throws: MessagingError.conversationNotFound) {
            _ = try offline().prune(
                .conversations(ids, TenantID(trusted: "t")), before: Timestamp(milliseconds: 100))
        }
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "2")
    }

    @Test("A database without a schema has nothing to look at or to change")
    func unprepared() throws {
        let empty = try PostgresDatabase()
        let error = PostgresStoreError.notPrepared(database: empty.name)
        #expect(throws: error) { try OfflinePostgres(address: empty.connection) }
        #expect(throws: error) { try ReadOnlyPostgres.check(address: empty.connection) }
    }
}
