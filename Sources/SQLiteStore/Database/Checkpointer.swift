import Dispatch
import GRDB
import Messaging
import StoreWork
import Synchronization

/// Copies the write-ahead log into the database: most of it on another connection while writes go on, the rest between two of them.
///
/// A checkpoint of a full log takes 40 to 60 ms, and on the writer's thread sends would wait for it. So a second connection copies what
/// is in the log by then, and again what was committed meanwhile, until little is left. That the writer copies itself, in a few
/// milliseconds, and its next commit begins the log anew.
///
/// SQLite before 3.51.3 can lose commits where a connection checkpoints beside another one that writes
/// (https://sqlite.org/wal.html#walresetbug): the checkpoint has read the header of the log, a commit resets the log, and the checkpoint
/// then marks frames of the new log as copied. Here a read transaction is open from before the second connection's checkpoint begins
/// until it has ended, and excludes that. In `wal.c` of SQLite 3.40.1, `walTryBeginRead` gives it one of two locks:
///
/// - `WAL_READ_LOCK(1)` or a higher one, where frames are in the log that were not copied. Only `walRestartHdr` resets the log. Its
///   callers, `walRestartLog` in a commit and `walCheckpoint` for `TRUNCATE`, first lock all of these exclusively, or leave the log.
/// - `WAL_READ_LOCK(0)`, where `nBackfill` equals `mxFrame`. A commit may reset the log then, but `walCheckpoint` copies frames and
///   raises `nBackfill` only while it has this lock exclusively, so this checkpoint does neither. It may raise read marks that no
///   reader uses beyond the new log; readers do not take those (`walTryBeginRead`).
///
/// The writer's own checkpoints run on the only connection that commits, so no commit is beside them, and `WAL_CKPT_LOCK` keeps
/// checkpoints of two connections apart (`sqlite3WalCheckpoint`).
///
/// `walCheckpoint` syncs the database only where it has copied the whole log, and raises `nBackfill` in any case. So the second
/// connection's pages are synced here. Where that fails they may be lost for good, and only a copy from the beginning of the log would
/// bring them back, which SQLite makes when the database is opened anew. Until then the log is kept: without a checkpoint it is not reset.
///
/// Only the writer's thread may call ``advance()``.
final class Checkpointer: Sendable {
    private struct Progress {
        /// When the second connection began to copy; nil while it does not.
        var runningSince: ContinuousClock.Instant?
        /// Whether steps of an operator's command have filled the log.
        var isDueForSteps = false
        /// How often it has begun to copy, since the writer did.
        var passes = 0
        /// Why the latest copy failed, until that is reported.
        var failure: StoreFailure?
        /// Whether pages that count as copied may not be on disk.
        var mustKeepLog = false
    }

    /// How long the second connection may copy before that counts as a failure; the copy goes on.
    private static let stallLimit = Duration.seconds(5)

    /// The most times that the second connection copies before the writer does.
    private static let mostPasses = 8

    let log: WriteAheadLog
    private let shortRest: Int
    private let pool: DatabasePool
    private let file: DatabaseFile
    private let health: StoreHealth
    private let writeback: CheckpointWriteback
    /// The connection that copies beside the writer; nil where another process makes the checkpoints.
    let copier: DatabaseQueue?
    /// The connection of the read transaction beside it.
    private let reader: DatabaseQueue?
    private let queue = DispatchQueue(label: "postbox-checkpoint")
    private let progress = Mutex(Progress())

    /// Opens the second connection and that of the read transaction, and has the log's pages counted.
    ///
    /// - Parameters:
    ///   - isEnabled: false where another process makes the checkpoints.
    ///   - shortRest: the most frames that the writer copies itself, unless so many are left after the last pass.
    init(
        pool: DatabasePool, file: DatabaseFile, health: StoreHealth, isEnabled: Bool,
        log: WriteAheadLog = WriteAheadLog(), shortRest: Int = 250
    ) throws {
        self.log = log
        self.shortRest = shortRest
        self.pool = pool
        self.file = file
        self.health = health
        writeback = CheckpointWriteback(of: file)
        copier = isEnabled ? try Self.connection(to: file.realPath) : nil
        reader = isEnabled ? try Self.connection(to: file.realPath) : nil
        pool.writeWithoutTransaction { log.watch($0) }
    }

    private static func connection(to path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "postbox-checkpoint"
        configuration.prepareDatabase { db in
            // The log must be on disk before it is copied: not OFF.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Commits are the writer's; a checkpoint is none.
            try db.execute(sql: "PRAGMA query_only = ON")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        // A connection that has read nothing has no log, and its checkpoints do nothing.
        try queue.inDatabase { _ = try Int.fetchOne($0, sql: "SELECT 1 FROM store") }
        return queue
    }

    /// Whether this process makes checkpoints.
    var isEnabled: Bool { copier != nil }

    /// Whether the log has pages that may not be in the database though SQLite takes them to be, so that no checkpoint must be made.
    var mustKeepLog: Bool { progress.withLock { $0.mustKeepLog } }

    /// Whether a checkpoint is due, or one has begun, even while writes wait.
    var isDue: Bool { log.isLarge || progress.withLock { $0.passes > 0 || $0.isDueForSteps } }

    /// Makes a checkpoint due where steps of an operator's command have filled the log; any thread may call it.
    ///
    /// The log is copied more often between steps than between sends: they write whole pages, so that waiting saves no copies.
    func noteStep() {
        guard log.isLargeForSteps else { return }
        progress.withLock { $0.isDueForSteps = true }
    }

    /// Takes one step of a checkpoint, between two transactions; returns whether there is nothing left to do for the log.
    func advance() -> Bool {
        guard let copier, let reader else { return true }
        do {
            guard try !isRunning(), !mustKeepLog else { return false }
            // Where the name refers to another file now, this must not write to it, and this file's log is the better copy.
            try file.checkInPlace()
            if log.uncopied > shortRest, log.mayTry, begin(on: copier, beside: reader) { return false }
            progress.withLock { progress in
                progress.passes = 0
                progress.isDueForSteps = false
            }
            let isDone = try pool.writeWithoutTransaction { try log.checkpoint($0) }
            if isDone { health.succeeded(.checkpoint) }
            return isDone && health.fault(of: .checkpoint) == nil
        } catch {
            health.failed(.checkpoint, StoreFailure(error))
            return false
        }
    }

    /// Whether the second connection is copying.
    ///
    /// - Throws: why it could not, or that it takes too long; once.
    private func isRunning() throws -> Bool {
        let (since, failure) = progress.withLock { ($0.runningSince, $0.failure.take()) }
        if let failure {
            progress.withLock { $0.passes = 0 }
            log.failed()
            throw failure
        }
        guard let since else { return false }
        if .now - since > Self.stallLimit, health.fault(of: .checkpoint) != .stalled { throw StoreFailure(.stalled) }
        return true
    }

    /// Has the second connection copy what is in the log; returns whether it does, because it has not done so too often.
    private func begin(on copier: DatabaseQueue, beside reader: DatabaseQueue) -> Bool {
        let mayBegin = progress.withLock { progress in
            guard progress.passes < Self.mostPasses else { return false }
            progress.passes += 1
            progress.runningSince = .now
            return true
        }
        guard mayBegin else { return false }
        queue.async { [self] in
            let failure = copy(on: copier, beside: reader)
            progress.withLock { progress in
                progress.runningSince = nil
                progress.failure = failure
            }
        }
        return true
    }

    /// Copies what is in the log now, on the second connection and its thread; returns why it could not.
    private func copy(on copier: DatabaseQueue, beside reader: DatabaseQueue) -> StoreFailure? {
        let size = log.size
        do {
            let isSynced = try reader.inDatabase { db in
                try db.inSnapshot {
                    // The read transaction begins with the first read. It has to last for as long as the checkpoint; see the type.
                    _ = try Int.fetchOne(db, sql: "SELECT 1 FROM store")
                    return try checkpoint(on: copier)
                }
            }
            guard isSynced else {
                progress.withLock { $0.mustKeepLog = true }
                return StoreFailure(.ioError, "the database was not synced, so the log is kept until the next start")
            }
            log.copied(upTo: size)
            return nil
        } catch let failure as StoreFailure where failure.fault == .locked {
            // A commit was just writing the header of the log (`walIndexReadHdr`): the next pass copies it.
            return nil
        } catch {
            return StoreFailure(error)
        }
    }

    /// Returns whether all that was copied is on disk.
    private func checkpoint(on copier: DatabaseQueue) throws -> Bool {
        try copier.inDatabase { db in
            do {
                return try writeback.during { _ = try db.checkpoint(.passive) }
            } catch {
                throw StoreFailure(error, on: db)
            }
        }
    }

    /// Waits for a checkpoint on the second connection, and closes the connections; the writer's thread must have ended.
    func close() {
        queue.sync {}
        try? copier?.close()
        try? reader?.close()
    }
}
