import Dispatch
import Foundation
import GRDB
import Messaging
import Synchronization

/// The one thread that writes: it takes whatever is waiting, runs it in one transaction, and syncs once.
final class Writer: Sendable {
    /// The most writes in one transaction: bounds how long the first of them waits.
    private static let largestBatch = 512
    /// How long a batch may take before further writes are refused.
    private static let stallLimit = Duration.seconds(2)
    /// How many conversations to remember from one transaction to the next.
    private static let remembered = 4096

    private let log = WriteAheadLog()
    let memory = ConversationMemory(capacity: Writer.remembered)

    private let pool: DatabasePool
    private let checkpoints: Bool
    private let observer: (any CommitObserver)?
    private let committed: (@Sendable (GroupCommit) -> Void)?
    private let queue: WriteQueue
    private let running = DispatchGroup()

    init(
        pool: DatabasePool, observer: (any CommitObserver)?, capacity: Int, checkpoints: Bool = true,
        committed: (@Sendable (GroupCommit) -> Void)? = nil
    ) {
        self.pool = pool
        self.checkpoints = checkpoints
        self.observer = observer
        self.committed = committed
        queue = WriteQueue(capacity: capacity, stallLimit: Self.stallLimit)
        pool.writeWithoutTransaction { log.watch($0) }
        running.enter()
        let thread = Thread { [self] in
            work()
            running.leave()
        }
        thread.name = "postbox-writer"
        thread.start()
    }

    /// Runs a command and returns once it is on disk, without holding a thread meanwhile.
    func perform<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) async throws(MessagingError) -> Answer {
        let result = await withCheckedContinuation { continuation in
            submit(command) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Runs a command and returns once it is on disk; blocks meanwhile, so it is for threads that may.
    func performBlocking<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws(MessagingError) -> Answer {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<Answer, MessagingError>?>(nil)
        submit(command) { result in
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a command ended without an answer") }
        return try result.get()
    }

    /// Hands a command to the thread; `answer` is called exactly once, here or on the writer thread.
    func submit<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer,
        answer: @escaping @Sendable (Result<Answer, MessagingError>) -> Void
    ) {
        let write = QueuedWrite(command, answer: answer)
        if let refusal = queue.put(write) { write.refuse(refusal) }
    }

    /// Answers everything that is waiting, then ends the thread; later commands are refused.
    func close() {
        queue.close()
        running.wait()
    }

    private func work() {
        var hasWritten = false
        while let batch = queue.take(atMost: Self.largestBatch, patience: hasWritten ? WriteAheadLog.patience : nil) {
            run(batch)
            hasWritten = !batch.isEmpty
            guard checkpoints, batch.isEmpty || log.isLarge else { continue }
            // What goes wrong here goes wrong for the next commit too, and then somebody is told.
            try? pool.writeWithoutTransaction { try log.checkpoint($0) }
        }
    }

    private func run(_ batch: [QueuedWrite]) {
        if batch.isEmpty { return }
        do {
            let start = ContinuousClock.now
            let done = try commit(batch)
            let end = ContinuousClock.now
            if !done.commits.isEmpty { observer?.committed(done.commits) }
            for answer in done.answers { answer() }
            committed?(GroupCommit(writes: batch.count, duration: end - start, sync: end - done.ready))
        } catch {
            let refusal = MessagingError.storeUnavailable(String(describing: error))
            for write in batch { write.refuse(refusal) }
        }
    }

    private struct Done {
        var answers: [@Sendable () -> Void] = []
        var commits: [Commit] = []
        /// When all was written and only the commit was to come.
        var ready = ContinuousClock.now
    }

    /// Most batches hold no command that fails after it has written, so savepoints are for a second try.
    private func commit(_ batch: [QueuedWrite]) throws -> Done {
        do {
            return try commit(batch, withSavepoints: false)
        } catch is WriteTransaction.NeedsSavepoints {
            return try commit(batch, withSavepoints: true)
        }
    }

    private func commit(_ batch: [QueuedWrite], withSavepoints: Bool) throws -> Done {
        try pool.writeWithoutTransaction { db in
            var done = Done()
            done.answers.reserveCapacity(batch.count)
            var finished: WriteTransaction?
            try db.inTransaction(.immediate) {
                let transaction = try WriteTransaction(db, memory: memory, hasSavepoints: withSavepoints)
                for write in batch { done.answers.append(try write.run(transaction)) }
                try transaction.finish()
                finished = transaction
                done.ready = .now
                return .commit
            }
            finished?.committed()
            done.commits = finished?.commits ?? []
            return done
        }
    }
}
