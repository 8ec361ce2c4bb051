import ArgumentParser
import Messaging
import SQLiteStore

/// The option that says where the data is.
struct DatabaseOption: ParsableArguments {
    @Option(name: .customLong("database"), help: "The database file; it is made where there is none.")
    var path = "postbox.sqlite"

    /// Opens the database for a command that needs it alone.
    func open(
        observer: (any CommitObserver)? = nil, committed: (@Sendable (GroupCommit) -> Void)? = nil
    ) throws -> SQLiteStore {
        do {
            return try SQLiteStore(path: path, observer: observer, committed: committed)
        } catch {
            throw Failure.unavailable(error.description)
        }
    }
}
