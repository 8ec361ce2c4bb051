import Foundation
import GRDB
import Messaging

/// The secret that the store's cursors are made with, as a row.
struct StoredCursorKey {
    let db: Database

    func read() throws -> CursorKey? {
        try Data.fetchOne(db, sql: "SELECT value FROM store WHERE key = 'cursor_key'").flatMap { CursorKey(bytes: $0) }
    }

    /// Stores the key of a database that has none; it stays the same from then on, in copies too.
    func insert(_ key: CursorKey) throws {
        try db.execute(
            sql: "INSERT INTO store (key, value) VALUES ('cursor_key', ?)", arguments: [Data(key.bytes)])
    }
}
