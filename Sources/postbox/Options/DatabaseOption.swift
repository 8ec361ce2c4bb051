import ArgumentParser
import Messaging
import SQLiteStore

/// The option that says where the data is.
struct DatabaseOption: ParsableArguments {
    @Option(
        name: .customLong("database"),
        help: "The database file; serve, conversations, users and import make it where there is none.")
    var path = "postbox.sqlite"

    /// Opens the database for a command that needs it alone.
    func open(
        observer: (any CommitObserver)? = nil, checkpoints: Bool = true,
        committed: (@Sendable (GroupCommit) -> Void)? = nil, changed: (@Sendable (HealthTransition) -> Void)? = nil
    ) throws -> SQLiteStore {
        try Failure.translating {
            try SQLiteStore(
                path: path, observer: observer, checkpoints: checkpoints, committed: committed, changed: changed)
        }
    }

    /// Opens the database for a command that only looks, whether a server runs or not.
    func openReadOnly() throws -> ReadOnlyDatabase {
        try Failure.translating { try ReadOnlyDatabase(path: path) }
    }

    /// Opens the database, which must exist, for a command that takes something away from it.
    func openOffline() throws -> OfflineDatabase {
        try Failure.translating { try OfflineDatabase(path: path) }
    }
}
