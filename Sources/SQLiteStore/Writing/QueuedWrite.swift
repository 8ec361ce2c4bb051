import Messaging

/// A write that waits for the writer thread, and how its caller is answered.
struct QueuedWrite: Sendable {
    /// Runs the command inside a transaction; what it returns answers the caller, once that is on disk.
    ///
    /// It throws where the whole transaction is in doubt.
    let run: @Sendable (WriteTransaction) throws -> @Sendable () -> Void
    /// Answers the caller that it did not happen.
    let refuse: @Sendable (MessagingError) -> Void

    init<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer,
        answer: @escaping @Sendable (Result<Answer, MessagingError>) -> Void
    ) {
        run = { transaction in
            let result = try transaction.attempt { try command(transaction) }
            return { answer(result) }
        }
        refuse = { answer(.failure($0)) }
    }
}
