import Foundation
import GRDB

/// A database that is only looked at, while a server may go on writing to it.
///
/// It does not write, and does not checkpoint while anybody else has it open. What one call sees is one moment; for as long as that call takes, the server's write-ahead log
/// cannot start over. Not for a process that has the same file open as an ``SQLiteStore``: opening it here takes away the locks that
/// SQLite has on it there.
package final class ReadOnlyDatabase: Sendable {
    /// Where the file is.
    package let path: String
    let schemaVersion: UInt32
    private let queue: DatabaseQueue

    /// Opens the file, which must exist.
    ///
    /// - Throws: ``SQLiteStoreError``.
    package init(path: String) throws(SQLiteStoreError) {
        self.path = path
        try DatabaseName.check(path)
        try Self.checkHeader(of: path)
        var configuration = Configuration()
        // Not a read-only connection: that would leave an empty log beside a database nobody serves, where this one, the last to
        // leave, tidies up under a lock that excludes all others.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
        configuration.busyMode = .timeout(5)
        configuration.label = "postbox-reader"
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            // The header in the file itself may be older than the log.
            schemaVersion = try queue.read { try UInt32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
        } catch {
            throw Self.failure(error, path)
        }
    }

    static func failure(_ error: any Error, _ path: String) -> SQLiteStoreError {
        guard let error = error as? DatabaseError, [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) else {
            return .other(path: path, reason: String(describing: error))
        }
        return .damaged(path: path, reason: error.message ?? "\(error)")
    }

    /// The name of the column with the number up to which messages were pruned, or what stands for it in the first schema.
    var prunedUpTo: String { schemaVersion < 2 ? "0" : "pruned_up_to" }

    /// The same for the moment before which messages were pruned.
    var prunedBefore: String { schemaVersion < 4 ? "NULL" : "pruned_before_ms" }

    /// Looks at one moment.
    func read<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        try queue.read { db in
            // Until something is read, there is no moment yet.
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
            return try body(db)
        }
    }

    /// Refuses a database that a newer Postbox wrote.
    ///
    /// - Throws: ``SQLiteStoreError/newerSchema(path:)``.
    func checkVersion() throws(SQLiteStoreError) {
        guard schemaVersion <= Schema.version else { throw .newerSchema(path: path) }
    }

    /// SQLite is not asked before it is certain that this is ours: opening a file with it may leave others beside it.
    private static func checkHeader(of path: String) throws(SQLiteStoreError) {
        // Opening a pipe would wait for another process to write to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing(path: path) : .other(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: DatabaseHeader.length)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw .notADatabase(path: path) }
        switch DatabaseHeader(bytes.prefix(count)) {
        case .empty, .foreign: throw .notADatabase(path: path)
        case .database(let applicationID, _):
            guard applicationID == Schema.applicationID else { throw .notPostbox(path: path) }
            // A backup has no log. A database in use has one, and without it the newest messages would be missing.
            guard DatabaseHeader.needsLog(bytes) else { return }
            try DatabaseName.checkMounts(descriptor, path)
            let hasLog = access(DatabaseName.resolved(path) + "-wal", F_OK) == 0
            guard hasLog || !DatabaseName.isHardLinked(descriptor) else { throw .hardLinked(path: path) }
        }
    }
}
