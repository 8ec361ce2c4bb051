import Dispatch
import Messaging
import Synchronization

/// The writes that wait for the writer thread: bounded, in order, any thread puts in, one takes out.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [QueuedWrite] = []
        var isClosed = false
        var takerSleeps = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Puts a write at the end; returns why not, where it cannot.
    func put(_ write: QueuedWrite) -> MessagingError? {
        let (refusal, mustWake) = state.withLock { state -> (MessagingError?, Bool) in
            guard !state.isClosed else { return (.storeUnavailable("the store is closed"), false) }
            guard state.waiting.count < capacity else { return (.overloaded, false) }
            state.waiting.append(write)
            return (nil, state.takerSleeps.exchange(false))
        }
        if mustWake { wake.signal() }
        return refusal
    }

    /// Takes what is waiting, at most `limit`; sleeps while there is nothing. Nil once the queue is closed and empty.
    func take(atMost limit: Int) -> [QueuedWrite]? {
        while true {
            let (batch, isOver) = state.withLock { state -> ([QueuedWrite], Bool) in
                let batch = Array(state.waiting.prefix(limit))
                state.waiting.removeFirst(batch.count)
                state.takerSleeps = batch.isEmpty && !state.isClosed
                return (batch, batch.isEmpty && state.isClosed)
            }
            if isOver { return nil }
            if !batch.isEmpty { return batch }
            wake.wait()
        }
    }

    /// Takes no more; what is waiting can still be taken out.
    func close() {
        let mustWake = state.withLock { state in
            state.isClosed = true
            return state.takerSleeps.exchange(false)
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
