import Dispatch
import Messaging
import Synchronization

/// A bounded queue of writes for the writer thread, in order; any thread adds, one takes.
///
/// While the thread has been at one batch for too long, the disk stalls, and further writes fail at once rather than wait. Writes
/// accepted before are stored once the disk responds.
package final class WriteQueue<Write: Sendable>: Sendable {
    private struct State {
        var waiting: [Write] = []
        var isClosed = false
        var isTakerWaiting = false
        var busySince: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let capacity: Int
    private let stallLimit: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Creates an empty queue.
    ///
    /// - Parameters:
    ///   - capacity: the most writes that may wait.
    ///   - stallLimit: how long the thread may be at one batch before further writes are refused.
    ///   - now: the monotonic time.
    package init(
        capacity: Int, stallLimit: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.capacity = capacity
        self.stallLimit = stallLimit
        self.now = now
    }

    /// Whether one batch has taken too long so far.
    package var isStalled: Bool { state.withLock { isStalled($0) } }

    /// Puts a write at the end; returns why not, where it cannot: ``MessagingError/overloaded``, or
    /// ``MessagingError/storeUnavailable(_:)`` once the queue is closed.
    package func put(_ write: Write) -> MessagingError? {
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
    package func take(atMost limit: Int, patience: Duration? = nil) -> [Write]? {
        while true {
            let (batch, isOver) = state.withLock { state -> ([Write], Bool) in
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

    /// Takes all that is waiting away from the thread that takes batches: it is at one for too long, and their callers wait no longer.
    package func takeWaiting() -> [Write] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
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
    package func close() {
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
