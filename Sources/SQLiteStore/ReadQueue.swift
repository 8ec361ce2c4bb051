import Dispatch
import Synchronization

/// Runs reads on a few threads of its own, so that nobody else's thread waits for the disk.
///
/// As many at once as the pool has readers: one more would only hold a thread while it waits for a reader.
final class ReadQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var running = 0
    }

    private let state = Mutex(State())
    private let threads = DispatchQueue(label: "postbox-readers", attributes: .concurrent)
    private let width: Int

    init(width: Int) {
        self.width = width
    }

    /// Runs a read and returns what it found, without holding a thread meanwhile.
    func perform<Answer: Sendable>(
        _ read: @escaping @Sendable () throws -> Answer
    ) async -> Result<Answer, any Error> {
        await withCheckedContinuation { continuation in
            put { continuation.resume(returning: Result { try read() }) }
        }
    }

    private func put(_ read: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.waiting.append(read)
            guard state.running < width else { return false }
            state.running += 1
            return true
        }
        if mustStart { threads.async { [self] in work() } }
    }

    private func work() {
        while let read = next() { read() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
