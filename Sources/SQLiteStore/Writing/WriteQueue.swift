import Dispatch
import Messaging
import Synchronization

/// A bounded queue of writes for the writer thread, in order; any thread adds, one takes.
///
/// While the thread has been at one batch for too long, the disk stalls, and further writes fail at once rather than wait. Writes
/// accepted before are stored once the disk responds.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [QueuedWrite] = []
        var isClosed = false
        var isTakerWaiting = false
        var busySince: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let capacity: Int
    private let stallLimit: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    init(
        capacity: Int, stallLimit: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.capacity = capacity
        self.stallLimit = stallLimit
        self.now = now
    }

    /// Whether one batch has taken too long so far.
    var isStalled: Bool { state.withLock { isStalled($0) } }

    /// Puts a write at the end; returns why not, where it cannot.
    func put(_ write: QueuedWrite) -> MessagingError? {
        let (refusal, mustWake) = state.withLock { state -> (MessagingError?, Bool) in
            guard !state.isClosed else { return (.storeUnavailable("the store is closed"), false) }
            guard state.waiting.count < capacity, !isStalled(state) else { return (.overloaded, false) }
            state.waiting.append(write)
            return (nil, state.isTakerWaiting.exchange(false))
        }
        if mustWake { wake.signal() }
        return refusal
    }

    /// Takes what is waiting, at most `limit`; sleeps while there is nothing, and takes nothing once it has slept for
    /// `patience`. Nil once the queue is closed and empty.
    func take(atMost limit: Int, patience: Duration? = nil) -> [QueuedWrite]? {
        while true {
            let (batch, isOver) = state.withLock { state -> ([QueuedWrite], Bool) in
                let batch = Array(state.waiting.prefix(limit))
                state.waiting.removeFirst(batch.count)
                state.busySince = batch.isEmpty ? nil : now()
                state.isTakerWaiting = batch.isEmpty && !state.isClosed
                return (batch, batch.isEmpty && state.isClosed)
            }
            if isOver { return nil }
            if !batch.isEmpty { return batch }
            if !sleep(for: patience) {
                // A taker that gets nothing does other work, and that may hang as well.
                state.withLock { $0.busySince = now() }
                return []
            }
        }
    }

    /// Returns whether another thread ended the sleep.
    private func sleep(for patience: Duration?) -> Bool {
        guard let patience else {
            wake.wait()
            return true
        }
        let (seconds, attoseconds) = patience.components
        let deadline = DispatchTime.now() + Double(seconds) + Double(attoseconds) / 1e18
        if wake.wait(timeout: deadline) == .success { return true }
        if state.withLock({ $0.isTakerWaiting.exchange(false) }) { return false }
        // Another thread signalled just as the time was over: its signal must not end a later sleep.
        wake.wait()
        return true
    }

    private func isStalled(_ state: State) -> Bool {
        guard let since = state.busySince else { return false }
        return now() - since > stallLimit
    }

    /// Closes the queue; waiting writes can still be taken.
    func close() {
        let mustWake = state.withLock { state in
            state.isClosed = true
            return state.isTakerWaiting.exchange(false)
        }
        if mustWake { wake.signal() }
    }
}

extension Bool {
    fileprivate mutating func exchange(_ value: Bool) -> Bool {
        defer { self = value }
        return self
    }
}

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
