import GRDB
import GRDBSQLite

/// The columns of a statement's present row, without a conversion of each: a list has thousands of them.
extension Statement {
    /// A column's text in SQLite's memory, valid until the next row; nil where the column is NULL.
    func bytes(_ column: CInt) -> UnsafeRawBufferPointer? {
        sqlite3_column_text(sqliteStatement, column).map {
            UnsafeRawBufferPointer(start: $0, count: Int(sqlite3_column_bytes(sqliteStatement, column)))
        }
    }

    /// The same of a column that is never NULL: nil says that there is no memory for it (sqlite3_column_text(3)).
    func requiredBytes(_ column: CInt) throws -> UnsafeRawBufferPointer {
        guard let bytes = bytes(column) else { throw DatabaseError(resultCode: .SQLITE_NOMEM) }
        return bytes
    }

    /// A column's text; nil where the column is NULL.
    func text(_ column: CInt) -> String? { bytes(column).map { String(decoding: $0, as: UTF8.self) } }

    /// A column's text, which is never NULL.
    func requiredText(_ column: CInt) throws -> String { String(decoding: try requiredBytes(column), as: UTF8.self) }

    /// A column's number; 0 where the column is NULL.
    func number(_ column: CInt) -> Int64 { sqlite3_column_int64(sqliteStatement, column) }

    /// A column's number; nil where the column is NULL.
    func optionalNumber(_ column: CInt) -> Int64? {
        sqlite3_column_type(sqliteStatement, column) == SQLITE_NULL ? nil : number(column)
    }
}
