import Foundation
import GRDB
import Messaging

/// A database that is only read, while a server may write to it.
///
/// It does not write, and makes no checkpoint while another process has the database open. Each call sees one snapshot, and the
/// server's write-ahead log cannot start over during the call. A process that has the same file open as an ``SQLiteStore`` must not
/// use it: opening the file here removes the locks that SQLite has on it there.
public final class ReadOnlyDatabase: DataReader {
    /// Where the file is.
    public let path: String
    let schemaVersion: UInt32
    private let queue: DatabaseQueue

    /// Opens the file, which must exist.
    ///
    /// - Throws: ``SQLiteStoreError``.
    public init(path: String) throws(SQLiteStoreError) {
        self.path = path
        try DatabaseName.check(path)
        try Self.checkHeader(of: path)
        var configuration = Configuration()
        // Not a read-only connection, which would leave an empty log beside a database without a server. This connection, where it is
        // the last to close, removes the log under an exclusive lock.
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

    /// Reads in one snapshot.
    func read<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        try queue.read { db in
            // The snapshot begins with the first read.
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

    /// Checks that the file is ours before SQLite opens it, because opening may create other files beside it.
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
