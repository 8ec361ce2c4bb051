import Foundation
import GRDB

extension ReadOnlyDatabase {
    /// How many pages are copied at a time: 256 KiB.
    private static let pagesAtATime: CInt = 64
    /// The number of steps between two syncs: other processes that sync must not wait for much at a time.
    private static let stepsBetweenSyncs = 8

    /// The progress of a copy, in pages.
    public struct Progress: Sendable {
        /// How many pages are copied.
        public let done: Int
        /// How many pages there are.
        public let total: Int
    }

    /// Copies a snapshot of the database to another file, which needs no log; returns once it is on disk.
    ///
    /// An existing backup is replaced once the new one is complete. Blocks, and rests twice as long as it works, so that a server on
    /// the same machine is not slowed down much.
    ///
    /// - Parameters:
    ///   - destination: the file to make; its folder must exist.
    ///   - rest: waits for so long; called between two steps. An error that it throws ends the backup and is rethrown.
    ///   - progress: called after each step.
    /// - Throws: ``CopyError`` or ``SQLiteStoreError``.
    public func backUp(
        to destination: String, rest: @escaping (Duration) throws -> Void, progress: @escaping (Progress) -> Void
    ) throws {
        try DatabaseName.check(destination)
        try PartialFile.checkOwner(of: destination)
        let destination = DatabaseName.resolved(destination)
        // An empty log is an empty file, and a server would go on writing to the replaced one.
        guard !DatabaseName.logSuffixes.contains(where: { destination == DatabaseName.resolved(path) + $0 }) else {
            throw CopyError.notReplaceable(path: destination)
        }
        let place = try BackupDestination(destination, unlike: path)
        defer { place.release() }
        let partial = try PartialFile(
            for: destination, like: place.present ?? place.source, isNew: place.present == nil,
            keepsOwner: place.present != nil)
        do {
            try copy(to: partial) { step, elapsed in
                progress(step)
                try rest(elapsed * 2)
            }
            try Self.finish(partial.path) { db in
                let faults = try String.fetchAll(db, sql: "PRAGMA quick_check(100)").filter { $0 != "ok" }
                guard let first = faults.first else { return }
                throw CopyError.damaged(path: path, first: first, count: faults.count)
            }
            try partial.takePlace()
        } catch {
            partial.abandon()
            throw Self.copyError(error, destination)
        }
    }

    /// Copies all pages, as they are at one moment, to a file that is still empty.
    func copy(to partial: PartialFile, afterStep: @escaping (Progress, Duration) throws -> Void) throws {
        try read { source in
            let target = try DatabaseQueue(path: partial.path)
            defer { try? target.close() }
            try target.writeWithoutTransaction { target in
                // An unfinished copy is discarded, so the file needs no journal and is synced once, as a whole.
                try target.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
                var steps = 0
                var start = ContinuousClock.now
                try source.backup(to: target, pagesPerStep: Self.pagesAtATime) { progress in
                    steps += 1
                    if steps.isMultiple(of: Self.stepsBetweenSyncs) { try partial.sync() }
                    let (done, total) = (progress.completedPageCount, progress.totalPageCount)
                    try afterStep(Progress(done: done, total: total), .now - start)
                    start = .now
                }
            }
        }
    }

    /// Makes a copy a file without a log beside it, after a last look at it.
    static func finish(_ path: String, _ last: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
            try last(db)
        }
    }

    static func copyError(_ error: any Error, _ destination: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        return CopyError.notWritten(path: destination, reason: error.message ?? String(describing: error))
    }
}
