/// The schema `postbox` of a PostgreSQL database: its tables and functions, and the migrations from any earlier version.
///
/// All names in it are written with the schema, and each function sets its own `search_path`: neither a role's settings nor another
/// schema can put another table or operator in their place. Ids are compared byte by byte (`COLLATE "C"`), as in Swift and in SQLite,
/// so that an upgrade of the system's collations changes no index.
///
/// A role that did not prepare the schema itself needs `USAGE` on the schema and its sequences, and `SELECT`, `INSERT`, `UPDATE` and
/// `DELETE` on its tables; see ``grants``. Only preparing it needs `CREATE` on the database, and only compacting needs the tables'
/// owner.
enum Schema {
    /// The version that the migrations lead to; it grows by one with each.
    static let version = 2

    /// The migrations: the one with index `i` leads from version `i` to version `i + 1`, inside one transaction.
    static let migrations: [[String]] = [
        [
            tables, epochFunctions, nodeFunctions, feedFunctions, longListFunctions, leastMarkFunctions,
            writeFunctions, openFunction, renameFunctions, conversationFunctions, messageFunctions, listFunctions,
            markFunctions,
        ],
        // In version 1 the last two looked up messages by their keys in another way.
        removal + [writeFunctions, messageFunctions],
    ]

    /// What an owner of the schema gives to another role that is to serve it; replace `ROLE`.
    static let grants = """
        GRANT USAGE ON SCHEMA postbox TO ROLE;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA postbox TO ROLE;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA postbox TO ROLE;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA postbox TO ROLE;
        """
}
