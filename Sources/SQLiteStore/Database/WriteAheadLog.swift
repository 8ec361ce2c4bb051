import GRDB
import GRDBSQLite
import StoreWork
import Synchronization

/// The write-ahead log of the database, and the times of its checkpoints, which copy it into the database file.
///
/// By default SQLite makes a checkpoint after every 1,000 pages, inside a commit, while the senders wait. Later and rarer checkpoints
/// cost much less, because most pages have been written again by then. So ``Checkpointer`` makes them after the answers: when there was
/// nothing to write for a moment, and at the latest when the log is large.
///
/// The size of the log is a compromise. A longer log means fewer checkpoints and less work for each message. It also takes more space,
/// and a start after a crash reads all of it, in some 2 ms a MiB.
final class WriteAheadLog: Sendable {
    /// How long the writer must be idle before it makes a checkpoint.
    static let patience = Duration.milliseconds(200)

    /// How long to wait after a failed checkpoint: the next one copies the whole log again.
    private static let pause = Duration.seconds(5)

    private let largest: Int
    private let largestBetweenSteps: Int
    private let pages = Atomic(0)
    /// The pages in the log at the last checkpoint. While a reader keeps the log from starting over, the log grows from there.
    private let copied = Atomic(0)
    private let retry = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - largest: the pages after which a checkpoint is due; by default 128 MiB.
    ///   - largestBetweenSteps: the same between two steps of an operator's command; a copy of the default takes some 10 ms.
    init(largest: Int = 32_768, largestBetweenSteps: Int = 1000) {
        self.largest = largest
        self.largestBetweenSteps = largestBetweenSteps
    }

    /// The pages in the log.
    var size: Int { pages.load(ordering: .relaxed) }

    /// The pages in the log that were written after the last checkpoint.
    var uncopied: Int { size - copied.load(ordering: .relaxed) }

    /// Whether a checkpoint is due even while writes wait.
    var isLarge: Bool { uncopied >= largest }

    /// Whether a checkpoint is due between two steps of an operator's command.
    var isLargeForSteps: Bool { uncopied >= largestBetweenSteps }

    /// Whether no checkpoint failed a moment ago.
    var mayTry: Bool { retry.withLock { $0 ?? .now } <= .now }

    /// Counts the pages that this connection commits, in place of SQLite's automatic checkpoints.
    ///
    /// The connection must be closed before this object is released.
    func watch(_ db: Database) {
        // sqlite3_wal_hook(3): called after every commit, on the thread that commits, with the pages in the log.
        _ = sqlite3_wal_hook(db.sqliteConnection, committed, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Copies as much of the log as readers allow, unless a checkpoint failed a moment ago; must be called on the writing connection.
    ///
    /// - Returns: whether it copied anything.
    /// - Throws: ``StoreFailure``; the log stays as it is, and grows until a checkpoint succeeds.
    func checkpoint(_ db: Database) throws -> Bool {
        guard mayTry else { return false }
        do {
            try db.checkpoint(.passive)
            copied(upTo: size)
            retry.withLock { $0 = nil }
            return true
        } catch {
            failed()
            throw StoreFailure(error, on: db)
        }
    }

    /// Notes that a checkpoint copied these first pages of the log.
    func copied(upTo page: Int) {
        // The log may have begun anew.
        copied.store(min(page, size), ordering: .relaxed)
    }

    /// Notes that a checkpoint failed.
    func failed() {
        retry.withLock { $0 = .now + Self.pause }
    }

    fileprivate func grew(to size: Int) {
        if size < pages.exchange(size, ordering: .relaxed) { copied.store(0, ordering: .relaxed) }
    }
}

/// A top-level function, because SQLite calls it: a closure could belong to an actor, and trap.
private func committed(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, name: UnsafePointer<CChar>?, pages: CInt
) -> CInt {
    guard let context else { return SQLITE_OK }
    Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue().grew(to: Int(pages))
    return SQLITE_OK
}
