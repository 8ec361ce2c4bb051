import CPostgres

/// The client library of PostgreSQL, which is loaded on first use: a process on SQLite never loads it.
enum PostgresLibrary {
    /// Loads the library where it is not loaded yet; any thread may call it.
    ///
    /// - Throws: ``PostgresError/libraryMissing(reason:)``.
    static func load() throws(PostgresError) {
        if let reason = postbox_pq_load() { throw .libraryMissing(reason: String(cString: reason)) }
    }
}
