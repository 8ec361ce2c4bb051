import Messaging
import PostgresStore
import SQLiteStore
import StoreWork
import TestSupport

/// A store as the server has it: for users and for operators.
package typealias Store = MessageStore & OperatorStore

/// Where the store of one test keeps its data: a file in a folder of its own, or a database of its own. It is removed when it is released.
package final class StoreHome: Sendable {
    private enum Place {
        case file(Folder)
        case database(PostgresDatabase)
    }

    private let place: Place

    /// Makes an empty one; blocks.
    package init(_ kind: StoreKind = .current) throws {
        switch kind {
        case .sqlite: place = .file(try Folder())
        case .postgres: place = .database(try PostgresDatabase())
        }
    }

    /// Opens the store; one at a time.
    package func open(
        observer: (any CommitObserver)? = nil, queueLimit: Int = 10_000, bounds: StoreBounds = StoreBounds(),
        committed: (@Sendable (GroupCommit) -> Void)? = nil
    ) throws -> any Store {
        switch place {
        case .file(let folder):
            try SQLiteStore(
                path: folder.database, observer: observer, queueLimit: queueLimit, bounds: bounds, committed: committed)
        case .database(let database):
            try PostgresStore(
                address: database.connection, observer: observer, queueLimit: queueLimit, bounds: bounds,
                committed: committed)
        }
    }

    /// Opens the data for taking some of it away, while the store is closed.
    package func remover() throws -> any DataRemover {
        switch place {
        case .file(let folder): try OfflineDatabase(path: folder.database)
        case .database(let database): try PostgresStore(address: database.connection, mustExist: true)
        }
    }

    /// Exports everything as records.
    package func export() throws -> [ImportRecord] {
        var records: [ImportRecord] = []
        switch place {
        case .file(let folder): try ReadOnlyDatabase(path: folder.database).export { records.append($0) }
        case .database(let database):
            try ReadOnlyPostgres(address: database.connection).export { records.append($0) }
        }
        return records
    }

    /// Imports records into a store that is opened for that alone.
    @discardableResult
    package func importRecords(_ records: [ImportRecord]) throws -> ImportSummary {
        let store = try open()
        defer { store.close() }
        var rest = records[...]
        return try store.importRecords { rest.popFirst() }
    }

    /// Checks the invariants of the data; the faults.
    package func check() throws -> [CheckReport.Fault] {
        switch place {
        case .file(let folder): try ReadOnlyDatabase.check(path: folder.database).faults
        case .database(let database):
            try ReadOnlyPostgres.check(address: database.connection).faults
        }
    }
}
