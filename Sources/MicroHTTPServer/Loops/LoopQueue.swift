import HTTP
import Synchronization

/// The messages of other threads to a loop about its suspended requests, in the order that they came.
final class LoopQueue: Sendable {
    enum Message {
        /// A change was reported to the wait of this request.
        case changed(PendingAnswer)
        /// The work for this request has ended in a wait.
        indirect case waiting(PendingAnswer, Wait)
        /// The work for this request has found that it cannot wait on.
        case evicted(PendingAnswer, Response)
    }

    private struct State {
        var messages: [Message] = []
        var isClosed = false
    }

    private let signal: LoopSignal
    private let state = Mutex(State())

    /// - Parameter signal: wakes the loop.
    init(waking signal: LoopSignal) {
        self.signal = signal
    }

    /// Adds a message and wakes the loop; any thread may call it. Many messages before the loop wakes up cost one system call.
    func append(_ message: Message) {
        state.withLock { state in
            if !state.isClosed { state.messages.append(message) }
        }
        wake()
    }

    /// Wakes the loop; any thread may call it.
    func wake() { signal.wake() }

    /// Removes and returns all messages.
    func takeAll() -> [Message] {
        state.withLock { state in
            guard !state.messages.isEmpty else { return [] }
            let messages = state.messages
            state.messages = []
            return messages
        }
    }

    /// Drops all messages, and those that come later: messages and queue would keep each other in memory.
    func close() {
        let dropped = state.withLock { state in
            state.isClosed = true
            let dropped = state.messages
            state.messages = []
            return dropped
        }
        // Released outside the lock, because a wait's place may call anything.
        _ = dropped
    }
}
