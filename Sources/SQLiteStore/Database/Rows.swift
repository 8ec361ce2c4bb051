import GRDB
import GRDBSQLite

/// The rows of a query, which ends with them.
///
/// GRDB's cursors and rows take some 10,000 instructions for each query, and most requests are a few short ones. This is for statements
/// that only read: GRDB does not learn that they run.
struct Rows: ~Copyable {
    private let statement: Statement

    /// Begins the query.
    ///
    /// - Parameter values: what its parameters stand for, all of them in order.
    init(of statement: Statement, _ values: any StatementBinding...) throws {
        self.statement = statement
        sqlite3_reset(statement.sqliteStatement)
        for (place, value) in zip(CInt(1)..., values) {
            try check(value.bind(to: statement.sqliteStatement, at: place), is: SQLITE_OK)
        }
    }

    deinit {
        sqlite3_reset(statement.sqliteStatement)
    }

    /// Goes on to the next row, which the statement then shows; false after the last one.
    func next() throws -> Bool {
        let code = sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return true }
        try check(code, is: SQLITE_DONE)
        return false
    }

    private func check(_ code: CInt, is expected: CInt) throws {
        guard code != expected else { return }
        let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement)))
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }
}
