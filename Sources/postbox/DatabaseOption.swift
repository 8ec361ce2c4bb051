import ArgumentParser
import Messaging
import SQLiteStore

/// The option that says where the data is.
struct DatabaseOption: ParsableArguments {
    @Option(name: .customLong("database"), help: "The database file; it is made where there is none.")
    var path = "postbox.sqlite"

    /// Opens the database for a command that needs it alone.
    func open(observer: any CommitObserver = NoObserver()) throws -> SQLiteStore {
        do {
            return try SQLiteStore(path: path, observer: observer)
        } catch {
            throw Failure.unavailable(error.description)
        }
    }
}

/// Takes note of nothing; commands that serve nobody keep nothing in memory.
struct NoObserver: CommitObserver {
    func committed(_ commits: [Commit]) {}
}
