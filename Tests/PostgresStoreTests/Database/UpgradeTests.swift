import Foundation
import Messaging
import TestSupport
import Testing

@testable import PostgresStore

/// Databases as earlier versions of the schema left them, each in a file under `Schemas`.
@Suite("Upgrades of the schema", .timeLimit(.minutes(15)))
struct UpgradeTests {
    private let database: PostgresDatabase

    init() throws { database = try PostgresDatabase() }

    private func lay(_ version: Int) throws {
        let file = try #require(
            Bundle.module.url(forResource: "v\(version)", withExtension: "sql", subdirectory: "Schemas"))
        let connection = try PostgresConnection(PostgresAddress(database.connection), role: .maintenance)
        try connection.runScript(String(contentsOf: file, encoding: .utf8), within: PreparedDatabase.limit)
    }

    /// What functions do, with their settings.
    private func functions(_ database: PostgresDatabase) throws -> String {
        try database.run(
            """
            SELECT p.oid::regprocedure, md5(p.prosrc), p.proconfig FROM pg_proc p
            WHERE p.pronamespace = 'postbox'::regnamespace ORDER BY p.oid::regprocedure::text
            """)
    }

    @Test(
        "A database of an earlier version opens with everything in it, and is then as a new one is",
        arguments: 1..<Schema.version)
    func opens(version: Int) async throws {
        try lay(version)
        let store = try PostgresStore(address: database.connection)
        let talk = ConversationID(trusted: "talk")
        #expect(try await store.allMessages(talk).map(\.content) == ["One", "Two 🙂"])
        #expect(try await store.conversation(.id(talk), of: caller(bob))?.marks(for: bob)?.viewerReadUpTo == 1)
        #expect(try await store.send(draft(alice, to: .id(talk), "One", key: "k1")).replayed)
        #expect(try await store.send(draft(alice, to: .id(talk), "Three")).message.n == 3)
        #expect(try store.erase(alice, tenant: .none) == 2)
        #expect(try await store.allMessages(talk).map(\.content) == ["", "Two 🙂", ""])
        store.close()
        #expect(try ReadOnlyPostgres.check(address: database.connection).faults == [])
        let new = try PostgresDatabase()
        try PostgresStore(address: new.connection).close()
        #expect(try functions(database) == functions(new))
    }
}
