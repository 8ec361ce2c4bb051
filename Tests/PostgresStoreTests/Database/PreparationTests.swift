import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Preparing the schema of a database", .timeLimit(.minutes(15)))
struct PreparationTests {
    let database: PostgresDatabase

    init() throws {
        database = try PostgresDatabase()
    }

    private func prepare(as role: String? = nil, epoch: UInt64 = 1) throws {
        try Schema.prepare(
            connect(as: role), epoch: Epoch(random: epoch), cursorKey: CursorKey(random: epoch, 2))
    }

    private func connect(as role: String? = nil) throws -> PostgresConnection {
        let address = database.connection + (role.map { " user=\($0)" } ?? "")
        return try PostgresConnection(PostgresAddress(address), role: .maintenance)
    }

    /// A role that may only connect, with a name of its own on the shared server.
    private func role() throws -> String {
        let name = "\(database.name)_role"
        try database.run("CREATE ROLE \(name) LOGIN")
        return name
    }

    private func dropRole() {
        _ = try? database.run("DROP OWNED BY \(database.name)_role; DROP ROLE \(database.name)_role")
    }

    @Test("A second start keeps what the first one made")
    func again() throws {
        try prepare()
        let made = try database.run("SELECT epoch, cursor_key, schema_version FROM postbox.store")
        try prepare(epoch: 99)
        #expect(try database.run("SELECT epoch, cursor_key, schema_version FROM postbox.store") == made)
        #expect(made.hasSuffix("|2"))
    }

    @Test("Processes that start at the same time make one schema")
    func together() async throws {
        try await withThrowingTaskGroup { group in
            for random in 1...8 { group.addTask { try prepare(epoch: UInt64(random)) } }
            try await group.waitForAll()
        }
        #expect(try database.run("SELECT count(*) FROM postbox.store") == "1")
        #expect(try ReadOnlyPostgres.check(address: database.connection).faults == [])
    }

    @Test("A schema that a newer program prepared is refused, and stays as it is")
    func newer() throws {
        try prepare()
        try database.run("UPDATE postbox.store SET schema_version = 99")
        #expect(throws: PostgresStoreError.newerSchema(version: 99)) { try prepare() }
        #expect(throws: PostgresStoreError.newerSchema(version: 99)) {
            try ReadOnlyPostgres(address: database.connection)
        }
        #expect(try database.run("SELECT schema_version FROM postbox.store") == "99")
    }

    @Test("A schema of the same name from another program is refused, and stays as it is")
    func foreign() throws {
        try database.run("CREATE SCHEMA postbox; CREATE TABLE postbox.letters (a int)")
        #expect(throws: PostgresStoreError.foreignSchema(database: database.name)) { try prepare() }
        #expect(try database.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'postbox'") == "1")
    }

    @Test("An empty schema that an administrator made is used")
    func empty() throws {
        let role = try role()
        defer { dropRole() }
        try database.run("CREATE SCHEMA postbox AUTHORIZATION \(role)")
        try prepare(as: role)
        #expect(try database.run("SELECT count(*) FROM postbox.store") == "1")
    }

    @Test("A role that may not create the schema is told so, with the statement that mends it")
    func mayNotCreate() throws {
        let role = try role()
        defer { dropRole() }
        let error = PostgresStoreError.mayNotCreate(role: role, database: database.name, isSchemaThere: false)
        #expect(throws: error) { try prepare(as: role) }
        #expect("\(error)".contains("GRANT CREATE ON DATABASE \"\(database.name)\" TO \"\(role)\""))
        #expect(!"\(error)".contains("\n"))
        try database.run("GRANT CREATE ON DATABASE \(database.name) TO \(role)")
        try prepare(as: role)
    }

    @Test("Where the owner made the schema, empty, a role that may not use it is told to have that granted")
    func emptySchema() throws {
        let role = try role()
        defer { dropRole() }
        try database.run("CREATE SCHEMA postbox")
        let error = #expect(throws: PostgresStoreError.self) { try prepare(as: role) }
        let sentence = try #require(error).description
        try database.run(String(sentence[(try #require(sentence.range(of: "run: "))).upperBound...]))
        try prepare(as: role)
    }

    @Test("A role without rights on a prepared schema is told which ones, and with the named grants it can serve")
    func grants() throws {
        try prepare()
        try database.run("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA postbox FROM PUBLIC")
        let role = try role()
        defer { dropRole() }
        #expect(throws: PostgresStoreError.missingPrivilege(role: role, objects: ["the schema postbox"])) {
            try prepare(as: role)
        }
        try database.run("GRANT USAGE ON SCHEMA postbox TO \(role)")
        let error = #expect(throws: PostgresStoreError.self) { try prepare(as: role) }
        guard case .missingPrivilege(_, let objects) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        for object in ["postbox.messages", "postbox.position", "postbox.write()"] { #expect(objects.contains(object)) }
        let sentence = try #require(error).description
        try database.run(String(sentence[(try #require(sentence.range(of: "run: "))).upperBound...]))
        try prepare(as: role)
        let connection = try connect(as: role)
        try connection.run("SELECT postbox.join_node(7, 7, 'role', '', 30)", within: PreparedDatabase.limit)
        try connection.run(
            "SELECT postbox.open((SELECT epoch FROM postbox.store), 7, 't', 'c', ARRAY['a', 'b'], true, 1, '')",
            within: PreparedDatabase.limit)
        #expect(throws: PostgresStoreError.notTheOwner(role: role)) {
            try connection.run("SELECT postbox.remove_node(7, NULL)", within: PreparedDatabase.limit)
            try PostgresStore(address: "\(database.connection) user=\(role)").compact()
        }
    }

    @Test("A database of another encoding is refused")
    func encoding() throws {
        try database.run("CREATE DATABASE \(database.name)_latin ENCODING 'LATIN1' TEMPLATE template0")
        defer { _ = try? database.run("DROP DATABASE \(database.name)_latin") }
        #expect(throws: PostgresError.wrongEncoding("LATIN1")) {
            try PostgresConnection(
                PostgresAddress("\(database.connection) dbname=\(database.name)_latin"), role: .maintenance)
        }
    }

    @Test("A read-only server is refused")
    func readOnly() throws {
        try database.run("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
        #expect(throws: PostgresError.readOnlyServer) { try connect() }
    }

    @Test("A database whose transactions are serializable by default serves as any other")
    func isolation() async throws {
        try database.run("ALTER DATABASE \(database.name) SET default_transaction_isolation = serializable")
        let store = try PostgresStore(address: database.connection)
        defer { store.close() }
        #expect(try await store.send(draft(alice, to: .direct(with: bob))).message.n == 1)
    }

    @Test("The list of what a schema consists of is what the migrations make")
    func objects() throws {
        try prepare()
        let rows = try connect().run(SchemaObjects.query, within: PreparedDatabase.limit)
        #expect(try Set((0..<rows.count).map { try rows.requiredText($0, 0) }) == Set(SchemaObjects.all))
    }
}
