import GRDB
import Messaging

/// The store's epoch, as a row.
struct StoredEpoch {
    let db: Database

    func read() throws -> Epoch? {
        try String.fetchOne(db, sql: "SELECT value FROM store WHERE key = 'epoch'").flatMap { Epoch($0) }
    }

    /// Begins a new epoch, which invalidates all cursors and entity tags from before.
    func renew(random: UInt64) throws {
        try db.execute(
            sql: "UPDATE store SET value = ? WHERE key = 'epoch'", arguments: [Epoch(random: random).text])
    }
}
