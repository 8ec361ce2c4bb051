import GRDB
import GRDBSQLite
import Synchronization

/// The write-ahead log of the database, and when what is in it is copied to where it belongs.
///
/// SQLite does so by itself after every 1,000 pages, inside the commit that comes to that many, while its senders wait. Later and less
/// often costs much less, because most pages have been written again by then; so it happens after the answers: when nothing is to be
/// written for a moment, and at the latest when the log has become large.
///
/// How large is a choice. Nobody is answered while it is copied, for some 7 µs a page where disks are fast: a longer log makes that
/// rarer and less work for each message, but longer each time, up to 0.15 s where every message was for another conversation. It
/// also takes more room, and a start after a crash reads all of it, in some 2 ms a MiB.
final class WriteAheadLog: Sendable {
    /// How long nothing has to be written before a checkpoint is made.
    static let patience = Duration.milliseconds(200)

    /// How long to wait after a checkpoint that failed: each one begins again with all that is in the log.
    private static let pause = Duration.seconds(5)

    private let largest: Int
    private let pages = Atomic(0)
    /// How many pages the last checkpoint found; while a reader keeps the log from being begun anew, it grows from there.
    private let copied = Atomic(0)
    private let retry = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter largest: how many pages may come before a checkpoint has to be; by default 128 MiB.
    init(largest: Int = 32_768) {
        self.largest = largest
    }

    /// Whether it is time for a checkpoint even though there is something to write.
    var isLarge: Bool { pages.load(ordering: .relaxed) - copied.load(ordering: .relaxed) >= largest }

    /// Watches the connection that writes, in place of SQLite's own way.
    ///
    /// The connection must be closed before this object goes.
    func watch(_ db: Database) {
        // sqlite3_wal_hook(3): called after every commit, on the thread that commits, with the pages in the log.
        _ = sqlite3_wal_hook(db.sqliteConnection, committed, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Copies as much as no reader is in the way of, unless that failed just now; to be called on the connection that writes.
    ///
    /// - Returns: whether it did.
    /// - Throws: ``StoreFailure``; the log goes on as it is then, and grows until a checkpoint succeeds.
    func checkpoint(_ db: Database) throws -> Bool {
        guard retry.withLock({ $0 ?? .now }) <= .now else { return false }
        do {
            try db.checkpoint(.passive)
            copied.store(pages.load(ordering: .relaxed), ordering: .relaxed)
            retry.withLock { $0 = nil }
            return true
        } catch {
            retry.withLock { $0 = .now + Self.pause }
            throw StoreFailure(error, on: db)
        }
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
