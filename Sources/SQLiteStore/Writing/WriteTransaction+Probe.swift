import GRDB

extension WriteTransaction {
    /// Looks whether the tables are there, and writes a page that stays as it is, to see whether that succeeds.
    ///
    /// - Throws: what the database says.
    func probe() throws {
        for table in ["users", "conversations", "participants", "messages"] {
            _ = try Int.fetchOne(db, sql: "SELECT 1 FROM \(table) LIMIT 1")
        }
        // An UPDATE that changes nothing would write nothing; this does, always.
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }
}
