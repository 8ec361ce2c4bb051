import Messaging

extension Schema {
    /// Brings the schema of a database to the present version, and makes it where there is none; blocks.
    ///
    /// Several processes may do so at the same time: the first one does it, the others wait for that. All is one transaction, so that a
    /// crash leaves the database as it was.
    ///
    /// - Parameters:
    ///   - epoch: the epoch of a new schema.
    ///   - cursorKey: the cursor key of a new schema.
    /// - Throws: ``PostgresStoreError``; nothing has changed then.
    static func prepare(
        _ connection: PostgresConnection, epoch: Epoch, cursorKey: CursorKey
    ) throws(PostgresStoreError) {
        try translating {
            try checkPooling(connection)
            // Nearly always nothing is to be done, and then no lock is needed.
            guard try present(connection) < version else { return }
            try connection.transaction(within: PostgresConnection.readLimit) {
                try connection.run(
                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", within: PostgresConnection.readLimit)
                try connection.run("SELECT pg_catalog.pg_advisory_xact_lock(5794, 2)", within: migrationLimit)
                let state = try SchemaState(connection)
                let present = try state.version(connection)
                guard present < version else { return }
                guard state.mayCreate else {
                    throw PostgresStoreError.mayNotCreate(
                        role: state.role, database: state.database, isSchemaThere: state.isSchemaThere)
                }
                if !state.isSchemaThere { try connection.run("CREATE SCHEMA postbox", within: migrationLimit) }
                for migration in migrations[present...] {
                    for script in migration { try connection.runScript(script, within: migrationLimit) }
                }
                try record(connection, isNew: present == 0, epoch: epoch, cursorKey: cursorKey)
            }
        }
    }

    /// Checks that the schema is there in the present version, and changes nothing; blocks.
    ///
    /// - Throws: ``PostgresStoreError``.
    static func requirePresent(_ connection: PostgresConnection) throws(PostgresStoreError) {
        try translating {
            try checkPooling(connection)
            let state = try SchemaState(connection)
            let present = try present(connection, state)
            guard present > 0 else { throw PostgresStoreError.notPrepared(database: state.database) }
            guard present == version else {
                throw PostgresStoreError.damaged(
                    reason: "its schema has version \(present); start the server once to bring it up to date")
            }
        }
    }

    /// The longest wait for one step of a migration, and for another process that migrates.
    private static let migrationLimit = Duration.seconds(600)

    private static func present(_ connection: PostgresConnection, _ state: SchemaState? = nil) throws -> Int {
        let present = try (state ?? SchemaState(connection)).version(connection)
        guard present <= version else { throw PostgresStoreError.newerSchema(version: present) }
        return present
    }

    private static func record(
        _ connection: PostgresConnection, isNew: Bool, epoch: Epoch, cursorKey: CursorKey
    ) throws(PostgresError) {
        let limit = PostgresConnection.readLimit
        if isNew {
            try connection.run(
                """
                INSERT INTO postbox.store (schema_version, epoch, system, timeline, cursor_key)
                SELECT $1, $2, h.system, h.timeline, $3 FROM postbox.here() h
                """, [.int4(Int32(version)), .text(epoch.text), .bytes(cursorKey.bytes)], within: limit)
        } else {
            try connection.run("UPDATE postbox.store SET schema_version = $1", [.int4(Int32(version))], within: limit)
        }
    }

    /// A pooler in statement mode refuses the beginning of a transaction.
    private static func checkPooling(_ connection: PostgresConnection) throws {
        do {
            try connection.transaction(within: PostgresConnection.readLimit) {}
        } catch let error as PostgresError where "\(error)".contains("statement pooling") {
            throw PostgresStoreError.statementPooling
        }
    }

    /// Makes errors of the connection errors of the store.
    static func translating<Answer>(_ work: () throws -> Answer) throws(PostgresStoreError) -> Answer {
        do {
            return try work()
        } catch let error as PostgresStoreError {
            throw error
        } catch let error as PostgresError {
            throw .connection(error)
        } catch {
            throw .damaged(reason: String(describing: error))
        }
    }
}
