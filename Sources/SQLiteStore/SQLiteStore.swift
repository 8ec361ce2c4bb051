import Foundation
import GRDB
import GRDBSQLite
import Messaging
import StoreWork
import Synchronization

/// Conversations in one SQLite file, which no other Postbox may have open meanwhile.
///
/// Any thread may call any method. Writes go through one thread of the store's own, many to a transaction; reads run
/// beside it. Only the writer's connection writes; ``Checkpointer`` says how checkpoints run beside it.
public final class SQLiteStore: Sendable {
    /// The epoch: it changes when the store is restored.
    public let epoch: Epoch
    /// The secret key of all cursors.
    public let cursorKey: CursorKey

    /// The database file, with symbolic links resolved: the log is beside it.
    public var path: String { file.realPath }

    /// The connection that writes, and one to read with for the operator.
    let pool: DatabasePool
    let writer: Writer
    let health: StoreHealth
    let readQueue: ReadQueue<DatabaseQueue>
    /// The size of the next step of retention.
    let retentionSize: Mutex<StepSize>
    static let readers = 4
    /// The most memory for the writer's page cache, in KiB; unused memory is not allocated.
    static let writerCache = 16_384
    /// How long reads may go without one ending before further ones are refused; the longest page takes a fraction of it.
    private static let stallLimit = Duration.seconds(5)
    private let readers: [DatabaseQueue]
    private let file: DatabaseFile
    private let checkpoints: Bool
    private let isClosed = Mutex(false)

    /// Opens the database at this path, and creates it where there is none; blocks.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist.
    ///   - observer: receives each commit, on the writer thread, before its callers are answered.
    ///   - checkpoints: whether to copy the write-ahead log into the database; false where another process does so, such as a
    ///     replicator.
    ///   - queueLimit: the most writes that may wait, and the most reads; beyond it they are refused as ``MessagingError/overloaded``.
    ///   - committed: receives each transaction that is on disk, on the writer thread, after its callers are answered.
    ///   - changed: called when an operation begins to fail or works again, on any thread.
    ///   - bounds: the sizes at which the store changes its method.
    ///   - random: the source of a new store's epoch.
    ///   - newCursorKey: the cursor key of a store that has none yet; by default a random one.
    /// - Throws: ``SQLiteStoreError``; nothing on disk has changed then.
    public init(
        path: String, observer: (any CommitObserver)? = nil, checkpoints: Bool = true, queueLimit: Int = 10_000,
        bounds: StoreBounds = StoreBounds(), random: UInt64 = .random(in: .min ... .max),
        newCursorKey: CursorKey = .random(), committed: (@Sendable (GroupCommit) -> Void)? = nil,
        changed: (@Sendable (HealthTransition) -> Void)? = nil
    ) throws(SQLiteStoreError) {
        self.checkpoints = checkpoints
        file = try DatabaseFile(path: path)
        health = StoreHealth(changed: changed)
        let checkpointer: Checkpointer
        do {
            let isNewer = try Schema.prepare(path: file.realPath, random: random, cursorKey: newCursorKey)
            if isNewer { throw SQLiteStoreError.newerSchema(path: path) }
            (pool, epoch, cursorKey) = try Self.openPool(path: file.realPath)
            readers = try Self.openReaders(path: file.realPath)
            checkpointer = try Checkpointer(pool: pool, file: file, health: health, isEnabled: checkpoints)
        } catch {
            file.abandon()
            throw Self.startError(error, path: path)
        }
        file.rememberLog()
        retentionSize = Mutex(StepSize(most: bounds.messagesRemovedAtOnce, longest: StoreBounds.longestStep))
        // As many as there are contexts.
        let unused = Mutex(readers)
        readQueue = ReadQueue(width: Self.readers, capacity: queueLimit, stallLimit: Self.stallLimit) {
            unused.withLock { $0.removeLast() }
        }
        writer = Writer(
            pool: pool, file: file, checkpointer: checkpointer, health: health, observer: observer,
            capacity: queueLimit, bounds: bounds, committed: committed)
        do {
            try resumeRenamings()
        } catch {
            close()
            throw Self.startError(error, path: path)
        }
    }

    deinit {
        close()
    }

    /// Drops the pages of the database that are cached; blocks until the reads of now have ended.
    func releaseMemory() {
        pool.releaseMemory()
        for reader in readers { reader.releaseMemory() }
    }

    /// Stores and answers the waiting writes, and closes the database; blocks until that is done.
    ///
    /// Later calls are refused as ``MessagingError/storeUnavailable(_:)``. A second call does nothing.
    public func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            writer.close()
            // Readers close first: the last connection to close makes a checkpoint, and only the writer may.
            for reader in readers { try? reader.close() }
            pool.releaseMemory()
            pool.invalidateReadOnlyConnections()
            finishLog()
            try? pool.close()
            file.close()
        }
    }

    /// Copies the whole log into the database file, so that the next start has no log to read, unless that start has to copy it.
    private func finishLog() {
        pool.writeWithoutTransaction { db in
            do {
                try file.checkInPlace()
                guard writer.checkpointer.mustKeepLog else {
                    if checkpoints { try db.checkpoint(.truncate) }
                    return
                }
            } catch {
                // The connection that closes last deletes the log by its name, which may belong to another database by now.
            }
            var keeps: CInt = 1
            sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps)
        }
    }

    private static func openPool(path: String) throws -> (DatabasePool, Epoch, CursorKey) {
        var configuration = Self.configuration
        configuration.maximumReaderCount = 1
        // To give its memory back, the reader need not close.
        configuration.persistentReadOnlyConnections = true
        let pool = try DatabasePool(path: path, configuration: configuration)
        let (epoch, cursorKey) = try pool.writeWithoutTransaction { db in
            // Set here and not in the configuration: with WAL, the pool itself sets NORMAL after that.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // What is removed is overwritten with zeros; Debian's SQLite does so anyway.
            try db.execute(sql: "PRAGMA secure_delete = ON")
            // With SQLite's default of 2 MB, writes to thousands of conversations would read most pages again for each message.
            try db.execute(sql: "PRAGMA cache_size = -\(writerCache)")
            return (try StoredEpoch(db: db).read(), try StoredCursorKey(db: db).read())
        }
        guard let epoch else { throw SQLiteStoreError.other(path: path, reason: "it has no epoch") }
        guard let cursorKey else { throw SQLiteStoreError.other(path: path, reason: "it has no cursor key") }
        // Opens the reader now: later, another file may have this name, or no descriptor may be left.
        _ = try pool.read { try Int.fetchOne($0, sql: "SELECT 1 FROM store") }
        return (pool, epoch, cursorKey)
    }

    /// Opens all readers at once, for the same reason.
    private static func openReaders(path: String) throws -> [DatabaseQueue] {
        var configuration = Self.configuration
        configuration.readonly = true
        return try (0..<readers).map { _ in
            let reader = try DatabaseQueue(path: path, configuration: configuration)
            _ = try reader.unsafeRead { try Int.fetchOne($0, sql: "SELECT 1 FROM store") }
            return reader
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Double(Writer.busyTimeout) / 1000)
        configuration.label = "postbox"
        return configuration
    }

    private static func startError(_ error: any Error, path: String) -> SQLiteStoreError {
        switch error {
        case let error as SQLiteStoreError: error
        case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB: .notADatabase(path: path)
        default: .other(path: path, reason: String(describing: error))
        }
    }
}

/// The memory that a store takes.
public enum StoreMemory {
    /// The number of concurrent reads.
    public static let readers = SQLiteStore.readers
    /// The most bytes that an import beside requests keeps, about.
    public static let imports = ServedImport.largestMemory
    /// The most bytes of pages of the database: those of the writer and, by SQLite's default, 2 MB of each reader
    /// and of the operator's; those of ``Checkpointer`` read a page or two.
    public static let pages = SQLiteStore.writerCache * 1024 + (SQLiteStore.readers + 1) * 2_048_000
}
