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

    /// Empties the write-ahead log, overwrites what the file holds in unused bytes, and drops the pages that connections have cached, so that
    /// none of them has anything of what was removed; blocks.
    ///
    /// It waits for reads that began before, some milliseconds each. Where another process makes the checkpoints, it only drops the pages.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func compact() throws {
        try writer.leaveNoTrace()
        // Each connection in turn, the writer's between two transactions.
        releaseMemory()
    }
}
