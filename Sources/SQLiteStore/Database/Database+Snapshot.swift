import GRDB
import GRDBSQLite

extension Database {
    /// Reads in one transaction; the connection must not be in another.
    ///
    /// GRDB's own transactions first look whether the schema has changed, and prepare what begins and ends them each time. That takes
    /// more instructions than most of our queries.
    func inSnapshot<Found>(_ body: () throws -> Found) throws -> Found {
        try run("BEGIN")
        do {
            let found = try body()
            try run("COMMIT")
            return found
        } catch {
            // SQLite has ended the transaction itself after some failures.
            try? run("ROLLBACK")
            throw error
        }
    }

    private func run(_ sql: String) throws {
        let code = sqlite3_exec(sqliteConnection, sql, nil, nil, nil)
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: lastErrorMessage, sql: sql)
        }
    }
}
