import Dispatch
import Foundation
import GRDB
import GRDBSQLite
import Messaging
import StoreWork
import Synchronization

/// The one thread that writes: it takes all waiting writes, runs them in one transaction, and syncs once.
final class Writer: Sendable {
    /// The most writes in one transaction: bounds how long the first of them waits.
    private static let largestBatch = 512
    /// How long a transaction takes further writes: some cost a thousand times as much as others, and those go on in another one.
    private static let longestBatch = Duration.milliseconds(20)
    /// How long a batch may take before further writes are refused.
    private static let stallLimit = Duration.seconds(2)
    /// How many conversations to cache from one transaction to the next.
    private static let cacheCapacity = 4096

    /// How long to rest before the next look at what has failed.
    private static let rest = Duration.seconds(1)

    /// How long to try to empty the log while reads need it.
    private static let longestWaitForReaders = Duration.seconds(10)
    /// How long to overwrite unused bytes of the database before other writes get their turn.
    private static let scrubTime = Duration.milliseconds(5)
    /// How long SQLite waits for other connections at other times, in milliseconds.
    static let busyTimeout: CInt = 2000

    let cache = WriterCache(capacity: Writer.cacheCapacity)

    private let pool: DatabasePool
    private let file: DatabaseFile
    private let health: StoreHealth
    let bounds: StoreBounds
    let checkpointer: Checkpointer
    private let observer: (any CommitObserver)?
    private let committed: (@Sendable (GroupCommit) -> Void)?
    private let queue: WriteQueue<QueuedWrite>
    private let running = DispatchGroup()

    init(
        pool: DatabasePool, file: DatabaseFile, checkpointer: Checkpointer, health: StoreHealth,
        observer: (any CommitObserver)?, capacity: Int, bounds: StoreBounds = StoreBounds(),
        committed: (@Sendable (GroupCommit) -> Void)? = nil
    ) {
        self.pool = pool
        self.file = file
        self.health = health
        self.bounds = bounds
        self.checkpointer = checkpointer
        self.observer = observer
        self.committed = committed
        queue = WriteQueue(capacity: capacity, stallLimit: Self.stallLimit)
        running.enter()
        let thread = Thread { [self] in
            work()
            running.leave()
        }
        thread.name = "postbox-writer"
        thread.start()
    }

    /// Whether the present transaction has taken too long.
    var isStalled: Bool { queue.isStalled }

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
        try performTimed(command).answer
    }

    /// Returns also how long it took from the beginning of the command until it was on disk.
    private func performTimed<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws(MessagingError) -> (answer: Answer, held: Duration) {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<(answer: Answer, held: Duration), MessagingError>?>(nil)
        submit { transaction in
            let start = ContinuousClock.now
            return (answer: try command(transaction), start: start)
        } answer: { result in
            outcome.withLock { $0 = result.map { ($0.answer, .now - $0.start) } }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a command ended without an answer") }
        return try result.get()
    }

    /// Runs a step of an operator's command as ``performBlocking(_:)`` does, and has the log copied where steps have filled it.
    ///
    /// - Returns: the answer, and how long other writes had to wait for the step, its commit included.
    func performStep<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws(MessagingError) -> (answer: Answer, held: Duration) {
        let result = try performTimed(command)
        checkpointer.noteStep()
        return result
    }

    /// Hands a command to the thread; `answer` is called exactly once, here or on the writer thread.
    func submit<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer,
        answer: @escaping @Sendable (Result<Answer, MessagingError>) -> Void
    ) {
        let write = QueuedWrite(command, answer: answer)
        guard let refusal = queue.put(write) else { return }
        if queue.isStalled { health.failed(.write, StoreFailure(.stalled)) }
        write.refuse(refusal)
    }

    /// Answers everything that is waiting, then ends the thread; later commands are refused.
    func close() {
        queue.close()
        running.wait()
        checkpointer.close()
    }

    private func work() {
        var hasWritten = false
        while let batch = queue.take(atMost: Self.largestBatch, patience: patience(hasWritten: hasWritten)) {
            run(batch)
            if batch.isEmpty, health.fault(of: .write) != nil { probe() }
            hasWritten = checkpointer.isEnabled && (hasWritten || !batch.isEmpty)
            // On a full disk, a log that has been copied can be written again from its beginning: that takes no room.
            guard hasWritten, batch.isEmpty || checkpointer.isDue || health.fault(of: .write) == .diskFull else {
                continue
            }
            if checkpointer.advance() { hasWritten = false }
        }
    }

    /// How long to wait for something to write before there is something else to do; nil for ever.
    private func patience(hasWritten: Bool) -> Duration? {
        if health.fault(of: .write) != nil || health.fault(of: .checkpoint) != nil { return Self.rest }
        return hasWritten ? WriteAheadLog.patience : nil
    }

    /// Writes a probe, to see whether writes succeed again.
    private func probe() {
        run([QueuedWrite({ try $0.probe() }, answer: { _ in })])
    }

    /// Empties the log, and overwrites the unused bytes of the database, on this thread, which must not be the writer's; blocks. Other
    /// writes go on in between.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)`` where reads of an older state do not end, or the database says so.
    func leaveNoTrace() throws(MessagingError) {
        guard checkpointer.isEnabled else { return }
        guard !checkpointer.mustKeepLog else {
            throw .storeUnavailable("the database was not synced, so its write-ahead log is kept until the next start")
        }
        var scrub: FileScrub?
        repeat {
            var held = Duration.zero
            try withEmptyLog { db in
                let start = ContinuousClock.now
                // What is cached was read before the file was overwritten, and would be written back.
                sqlite3_db_release_memory(db.sqliteConnection)
                scrub = try file.scrub(after: scrub, for: Self.scrubTime)
                held = .now - start
            }
            Thread.sleep(forTimeInterval: StepPace.rest(after: held) / .seconds(1))
        } while scrub?.isDone == false
        guard file.sync() else { throw .storeUnavailable("what was overwritten in the database was not synced") }
    }

    /// Copies the whole log into the database, empties it, and does something before anybody writes again.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    private func withEmptyLog(_ work: (Database) throws -> Void) throws(MessagingError) {
        let deadline = ContinuousClock.now + Self.longestWaitForReaders
        while try !tryToEmptyLog(work) {
            guard .now < deadline else {
                throw .storeUnavailable("the write-ahead log cannot be emptied while reads go on that began long ago")
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    /// Empties the log unless a reader needs it; it does not wait for readers, because writes wait meanwhile.
    private func tryToEmptyLog(_ work: (Database) throws -> Void) throws(MessagingError) -> Bool {
        do {
            return try pool.writeWithoutTransaction { db in
                try file.checkInPlace()
                sqlite3_busy_timeout(db.sqliteConnection, 0)
                defer { sqlite3_busy_timeout(db.sqliteConnection, Self.busyTimeout) }
                do {
                    _ = try db.checkpoint(.truncate)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                    return false
                }
                try work(db)
                return true
            }
        } catch {
            throw .storeUnavailable(StoreFailure(error).cause)
        }
    }

    private func run(_ batch: [QueuedWrite]) {
        var rest = batch[...]
        do {
            while !rest.isEmpty { try runFirst(of: &rest) }
        } catch {
            let failure = StoreFailure(error)
            health.failed(.write, failure)
            let refusal = MessagingError.storeUnavailable(failure.cause)
            for write in rest { write.refuse(refusal) }
        }
    }

    /// Runs as many of the writes as one transaction takes, and leaves the others.
    private func runFirst(of batch: inout ArraySlice<QueuedWrite>) throws {
        let start = ContinuousClock.now
        try file.checkInPlace()
        let done = try commit(batch)
        let end = ContinuousClock.now
        if !done.commits.isEmpty { observer?.committed(done.commits) }
        // Readers must see the commit, but no client may be told that it is durable.
        try file.checkInPlace()
        batch.removeFirst(done.answers.count)
        // First, so that a caller who asks whether the store is ready has no second write tried.
        health.succeeded(.write)
        for answer in done.answers { answer() }
        committed?(GroupCommit(writes: done.answers.count, duration: end - start, sync: end - done.ready))
    }

    private struct Done {
        var answers: [@Sendable () -> Void] = []
        var commits: [Commit] = []
        /// When everything was written and only the commit was left.
        var ready = ContinuousClock.now
    }

    /// Most batches hold no command that fails after it has written, so savepoints are for a second try.
    private func commit(_ batch: ArraySlice<QueuedWrite>) throws -> Done {
        do {
            return try commit(batch, withSavepoints: false)
        } catch is WriteTransaction.NeedsSavepoints {
            return try commit(batch, withSavepoints: true)
        }
    }

    private func commit(_ batch: ArraySlice<QueuedWrite>, withSavepoints: Bool) throws -> Done {
        try pool.writeWithoutTransaction { db in
            var done = Done()
            done.answers.reserveCapacity(batch.count)
            var finished: WriteTransaction?
            do {
                try db.inTransaction(.immediate) {
                    let transaction = try WriteTransaction(
                        db, cache: cache, bounds: bounds, hasSavepoints: withSavepoints)
                    let start = ContinuousClock.now
                    for write in batch {
                        done.answers.append(try write.run(transaction))
                        if .now - start > Self.longestBatch { break }
                    }
                    try transaction.finish()
                    finished = transaction
                    done.ready = .now
                    return .commit
                }
            } catch let error as DatabaseError {
                throw StoreFailure(error, on: db)
            }
            finished?.committed()
            done.commits = finished?.commits ?? []
            return done
        }
    }
}

extension GroupCommit {
    init(writes: Int, duration: Duration, sync: Duration) {
        self.init(writes: writes, seconds: duration / .seconds(1), syncSeconds: sync / .seconds(1))
    }
}
