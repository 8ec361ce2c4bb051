/// What there is of our schema in a database, and what our role may do there.
struct SchemaState {
    let role: String
    let database: String
    /// Whether there is a schema of our name.
    let isSchemaThere: Bool
    /// Whether the schema has anything in it.
    let isUsed: Bool
    /// Whether the schema has the table that says its version.
    let isPrepared: Bool
    /// Whether the role may make the schema, or what belongs into it.
    let mayCreate: Bool
    /// The schema, tables and sequences that the role may not use as a server must.
    let forbidden: [String]

    /// Looks it up in the catalogs, which every role may read. `forbidden` is a `text[]`.
    static let query = """
        SELECT current_user::text, current_database()::text, n.oid IS NOT NULL,
            EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid),
            EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'store' AND c.relkind = 'r'),
            CASE WHEN n.oid IS NULL THEN pg_catalog.has_database_privilege(current_database(), 'CREATE')
                ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') END,
            CASE WHEN n.oid IS NULL THEN '{}'
                WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN ARRAY['the schema postbox']
                ELSE ARRAY(SELECT 'postbox.' || c.relname FROM pg_catalog.pg_class c
                    WHERE c.relnamespace = n.oid AND CASE c.relkind
                        WHEN 'r' THEN NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT')
                            AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
                            AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
                            AND pg_catalog.has_table_privilege(c.oid, 'DELETE'))
                        WHEN 'S' THEN NOT pg_catalog.has_sequence_privilege(c.oid, 'USAGE') END
                    ORDER BY c.relname)
                    || ARRAY(SELECT 'postbox.' || p.proname || '()' FROM pg_catalog.pg_proc p
                        WHERE p.pronamespace = n.oid AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
                        ORDER BY p.proname) END
        FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'postbox'
        """

    /// - Throws: ``PostgresError``.
    init(_ connection: PostgresConnection) throws(PostgresError) {
        let rows = try connection.run(Self.query, within: PostgresConnection.readLimit)
        role = try rows.requiredText(0, 0)
        database = try rows.requiredText(0, 1)
        isSchemaThere = try rows.requiredBool(0, 2)
        isUsed = try rows.requiredBool(0, 3)
        isPrepared = try rows.requiredBool(0, 4)
        mayCreate = try rows.requiredBool(0, 5)
        forbidden = try rows.textArray(0, 6).compactMap { $0 }
    }

    /// The version of the schema; 0 where nothing is prepared.
    ///
    /// - Throws: ``PostgresStoreError``.
    func version(_ connection: PostgresConnection) throws(PostgresStoreError) -> Int {
        guard isPrepared else {
            guard !isUsed else { throw .foreignSchema(database: database) }
            return 0
        }
        guard forbidden.isEmpty else { throw .missingPrivilege(role: role, objects: forbidden) }
        do {
            let rows = try connection.run(
                "SELECT s.schema_version FROM postbox.store s", within: PostgresConnection.readLimit)
            guard rows.count == 1 else {
                throw PostgresStoreError.damaged(reason: "the table postbox.store has \(rows.count) rows")
            }
            return Int(try rows.requiredInt4(0, 0))
        } catch let error as PostgresStoreError {
            throw error
        } catch PostgresError.refused(sqlState: "42703", _) {
            throw .foreignSchema(database: database)
        } catch let error as PostgresError {
            throw .connection(error)
        } catch {
            throw .damaged(reason: String(describing: error))
        }
    }
}
