import Foundation
import GRDB
import Messaging

extension ReadOnlyDatabase {
    /// Replaces another database with a copy of this one, with a new epoch; returns once it is on disk.
    ///
    /// The copy is migrated to the present schema and checked before anything is replaced. Cursors and entity tags from before are not
    /// valid afterwards. No process may have the other database open.
    ///
    /// - Parameters:
    ///   - destination: the database file; its folder must exist.
    ///   - replacing: whether a file that is there may be replaced.
    ///   - random: the source of the new epoch.
    ///   - progress: called from time to time.
    /// - Throws: ``CopyError`` or ``SQLiteStoreError``.
    public func restore(
        to destination: String, replacing: Bool, random: UInt64 = .random(in: .min ... .max),
        progress: @escaping (Progress) -> Void
    ) throws {
        try checkVersion()
        try DatabaseName.check(destination)
        try PartialFile.checkOwner(of: destination)
        let destination = DatabaseName.resolved(destination)
        var (source, model) = (stat(), stat())
        guard stat(path, &source) == 0 else { throw SQLiteStoreError.missing(path: path) }
        if stat(destination, &model) == 0, source.st_dev == model.st_dev, source.st_ino == model.st_ino {
            throw CopyError.ontoItself(path: destination)
        }
        let held = try DatabaseFile(path: destination, for: .replacing)
        do {
            guard held.isNew || replacing else { throw CopyError.exists(path: destination) }
            let partial = try PartialFile(
                for: destination, like: Self.model(held), isNew: held.isNew, keepsOwner: true)
            do {
                try copy(to: partial) { step, _ in progress(step) }
                try prepare(partial.path, random)
                if !held.isNew { try Self.removeLog(of: destination) }
                try partial.takePlace()
            } catch {
                partial.abandon()
                throw error
            }
            held.close()
        } catch {
            held.abandon()
            throw Self.copyError(error, destination)
        }
    }

    /// Makes the copy what a server can open, unless something is wrong with it.
    private func prepare(_ copy: String, _ random: UInt64) throws {
        let originalFaults = try Self.check(path: copy).faults
        if let first = originalFaults.first {
            throw CopyError.damaged(path: path, first: first.description, count: originalFaults.count)
        }
        let isNewer = try Schema.prepare(path: copy, random: random, cursorKey: .random())
        if isNewer { throw SQLiteStoreError.newerSchema(path: path) }
        try Self.finish(copy) { try StoredEpoch(db: $0).renew(random: random) }
    }

    /// What the new file's owner and permissions are taken from: the old one, or the folder where there is none.
    private static func model(_ held: DatabaseFile) -> stat {
        var status = stat()
        guard held.isNew else {
            stat(held.path, &status)
            return status
        }
        stat(URL(fileURLWithPath: held.path).deletingLastPathComponent().path, &status)
        status.st_mode = PartialFile.newMode
        return status
    }

    /// An old log would be applied to the new file. Its content is copied into the old file first, as far as it can be read, so that a
    /// crash before the end leaves the old database complete.
    private static func removeLog(of path: String) throws(CopyError) {
        if let old = try? DatabaseQueue(path: path) {
            _ = try? old.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try? old.close()
        }
        try PartialFile.removeLog(of: path)
    }
}
