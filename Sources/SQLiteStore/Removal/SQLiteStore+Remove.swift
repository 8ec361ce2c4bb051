import GRDB
import Messaging

extension SQLiteStore: DataRemover, StepwiseRemover {
    var messagesAtOnce: Int { writer.bounds.messagesRemovedAtOnce }

    /// Reads beside writes.
    func look<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        do {
            return try pool.read(body)
        } catch let error as DatabaseError {
            throw MessagingError.storeUnavailable(String(describing: error))
        }
    }

    /// Runs a step of a removal between other writes; those that wait for the writer go before the next step.
    func step<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws -> (answer: Answer, held: Duration) {
        try writer.performStep(command)
    }

    /// Copies the write-ahead log into the database and empties it, so that the log has nothing of what was removed; blocks.
    ///
    /// It waits for reads that began before, some milliseconds each. Where SQLite moved a message from one page of the file to another
    /// before it was removed, a copy may be left in an unused part of the former page: ``OfflineDatabase/compact()`` removes those too.
    /// Where another process makes the checkpoints, it does nothing.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func compact() throws {
        try writer.emptyLog()
    }
}
