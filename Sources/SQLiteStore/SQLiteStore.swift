import GRDB
import Messaging
import Synchronization

/// Conversations in one SQLite file, which no other Postbox may have open meanwhile.
///
/// Any thread may call any method. Writes go through one thread of the store's own, many to a transaction; reads run
/// beside it. Only the writer's connection writes or checkpoints.
public final class SQLiteStore: Sendable {
    /// The present life of the store.
    public let epoch: Epoch

    let pool: DatabasePool
    let writer: Writer
    let readQueue = ReadQueue(width: SQLiteStore.readers)
    private static let readers = 4
    private let file: DatabaseFile
    private let checkpoints: Bool
    private let isClosed = Mutex(false)

    /// Opens the database at this path, making it where there is none; blocks while it does.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist.
    ///   - observer: who is told of commits, on the writer thread, before their callers are answered.
    ///   - checkpoints: whether to copy what is in the write-ahead log to where it belongs; false where another process does so, as a
    ///     replicator.
    ///   - queueLimit: how many writes may wait before more are refused as ``MessagingError/overloaded``.
    ///   - committed: is told of each transaction that is on disk, on the writer thread, after its callers are answered.
    ///   - random: what a new store's epoch is made of.
    /// - Throws: ``SQLiteStoreError``; nothing on disk has changed then.
    public init(
        path: String, observer: (any CommitObserver)? = nil, checkpoints: Bool = true, queueLimit: Int = 10_000,
        random: UInt64 = .random(in: .min ... .max), committed: (@Sendable (GroupCommit) -> Void)? = nil
    ) throws(SQLiteStoreError) {
        self.checkpoints = checkpoints
        file = try DatabaseFile(path: path)
        do {
            (pool, epoch) = try Self.openPool(path: path, random: random)
        } catch {
            file.abandon()
            throw Self.startError(error, path: path)
        }
        writer = Writer(
            pool: pool, observer: observer, capacity: queueLimit, checkpoints: checkpoints, committed: committed)
    }

    deinit {
        close()
    }

    /// Stores what is waiting, answers it, and closes the database; blocks until that is done.
    ///
    /// Whatever is asked of the store from then on is refused as ``MessagingError/storeUnavailable(_:)``. A second call
    /// does nothing.
    public func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            writer.close()
            // Readers go first: only the writer may be the last to leave, because the last one checkpoints.
            pool.releaseMemory()
            // Without these the log stays beside the database, and the next start reads it.
            if checkpoints { _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
            try? pool.close()
            file.close()
        }
    }

    private static func openPool(path: String, random: UInt64) throws -> (DatabasePool, Epoch) {
        if try Schema.prepare(path: path, random: random) { throw SQLiteStoreError.newerSchema(path: path) }
        var configuration = Configuration()
        configuration.maximumReaderCount = readers
        configuration.busyMode = .timeout(2)
        configuration.label = "postbox"
        let pool = try DatabasePool(path: path, configuration: configuration)
        let epoch = try pool.writeWithoutTransaction { db in
            // Here and not in the configuration: for WAL, the pool itself sets NORMAL after that.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            return try StoredEpoch(db: db).read()
        }
        guard let epoch else { throw SQLiteStoreError.other(path: path, reason: "it has no epoch") }
        return (pool, epoch)
    }

    private static func startError(_ error: any Error, path: String) -> SQLiteStoreError {
        switch error {
        case let error as SQLiteStoreError: error
        case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB: .notADatabase(path: path)
        default: .other(path: path, reason: String(describing: error))
        }
    }
}
