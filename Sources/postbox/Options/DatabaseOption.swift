import ArgumentParser
import Messaging
import SQLiteStore

/// The option that says where the data is; the only place that knows which store keeps it.
struct DatabaseOption: ParsableArguments {
    /// How many reads of the store go on at a time.
    static let readers = StoreMemory.readers
    /// The most bytes of memory for pages of the database.
    static let pageMemory = StoreMemory.pages

    @Option(
        name: .customLong("database"),
        help: "The database file; serve, conversations, users and import make it where there is none.")
    var path = "postbox.sqlite"

    /// A store that is open, and the file it is in, symbolic links resolved.
    struct Opened {
        let store: any MessageStore & OperatorStore
        let file: String
    }

    /// Opens the database for a command that needs it alone.
    func open() throws -> any OperatorStore {
        try Failure.translating { try SQLiteStore(path: path) }
    }

    /// Opens the database for a server.
    ///
    /// - Parameter checkpoints: false where another process copies the write-ahead log into the database.
    func open(
        observer: any CommitObserver, checkpoints: Bool, committed: @escaping @Sendable (GroupCommit) -> Void,
        changed: @escaping @Sendable (HealthTransition) -> Void
    ) throws -> Opened {
        let store = try Failure.translating {
            try SQLiteStore(
                path: path, observer: observer, checkpoints: checkpoints, committed: committed, changed: changed)
        }
        return Opened(store: store, file: store.path)
    }

    /// Opens the database for a command that only looks, whether a server runs or not.
    func openReadOnly() throws -> any DataReader {
        try Failure.translating { try ReadOnlyDatabase(path: path) }
    }

    /// Opens the database, which must exist, for a command that takes something away from it.
    func openOffline() throws -> any DataRemover {
        try Failure.translating { try OfflineDatabase(path: path) }
    }

    /// Looks for whatever is wrong with the database.
    func check() throws -> CheckReport {
        try Failure.translating { try ReadOnlyDatabase.check(path: path) }
    }

    /// Copies the database to a file.
    ///
    /// - Parameters:
    ///   - rest: waits for so long; called between two steps. What it throws ends the backup and is thrown on.
    ///   - progress: called after each step with the pages that are copied, and all pages.
    func backUp(
        to destination: String, rest: @escaping (Duration) throws -> Void, progress: @escaping (Int, Int) -> Void
    ) throws {
        try Failure.translating {
            try ReadOnlyDatabase(path: path).backUp(to: destination, rest: rest) { progress($0.done, $0.total) }
        }
    }

    /// Whether a file, which must not be open in this process, is a complete backup, as far as its header says.
    static func isCompleteBackup(_ path: String) -> Bool { BackupFile.isComplete(path) }

    /// Puts a backup into the place of the database.
    ///
    /// - Parameter progress: called from time to time with the pages that are copied, and all pages.
    func restore(from backup: String, replacing: Bool, progress: @escaping (Int, Int) -> Void) throws {
        try Failure.translating {
            try ReadOnlyDatabase(path: backup).restore(to: path, replacing: replacing) { progress($0.done, $0.total) }
        }
    }
}

extension Failure {
    /// Runs an operation, and turns errors of the database or the disk into a failure.
    static func translating<Answer>(_ work: () throws -> Answer) throws -> Answer {
        do {
            return try work()
        } catch let error as SQLiteStoreError {
            switch error {
            case .damaged: throw badData(error.description)
            case .notAFileName: throw badUsage(error.description)
            default: throw unavailable(error.description)
            }
        } catch let error as CopyError {
            if case .damaged = error { throw badData(error.description) }
            throw unavailable(error.description)
        }
    }
}
