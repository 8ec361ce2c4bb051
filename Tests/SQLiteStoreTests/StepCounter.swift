import GRDB
import GRDBSQLite
import Synchronization

/// Counts the instructions of SQLite's virtual machine that a connection runs: what work costs, whatever else the machine does.
final class StepCounter: Sendable {
    private let count = Atomic(0)

    /// How many since the last call.
    func take() -> Int { count.exchange(0, ordering: .relaxed) }

    /// Counts those of this connection from now on; the counter must live as long as it.
    func watch(_ db: Database) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            db.sqliteConnection, 1,
            { this in
                guard let this else { return 0 }
                Unmanaged<StepCounter>.fromOpaque(this).takeUnretainedValue().count.add(1, ordering: .relaxed)
                return 0
            }, this)
    }

    /// How many a piece of work takes.
    static func steps<Answer>(_ db: Database, _ work: () throws -> Answer) rethrows -> (Answer, steps: Int) {
        let counter = StepCounter()
        counter.watch(db)
        defer { sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
        let answer = try work()
        return (answer, counter.take())
    }
}
