import Dispatch
import Messaging
import Synchronization

/// Runs reads on its own threads, so that no other thread waits for the disk.
///
/// As many at once as the pool has readers: one more would only hold a thread while it waits for a reader. The others wait, at most
/// `capacity` of them. While no read has begun or ended for too long, the disk hangs, and further reads fail at once rather than
/// wait.
final class ReadQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var running = 0
        /// When a read last began or ended.
        var moved: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let threads = DispatchQueue(label: "postbox-readers", attributes: .concurrent)
    private let width: Int
    private let capacity: Int
    private let stallLimit: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    init(
        width: Int, capacity: Int, stallLimit: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.width = width
        self.capacity = capacity
        self.stallLimit = stallLimit
        self.now = now
    }

    /// Whether all readers have been at the same reads for too long.
    var isStalled: Bool { state.withLock { isStalled($0) } }

    /// Runs a read and returns what it found, without holding a thread meanwhile.
    ///
    /// Where it cannot be taken, the result is ``MessagingError/overloaded``.
    func perform<Answer: Sendable>(
        _ read: @escaping @Sendable () throws -> Answer
    ) async -> Result<Answer, any Error> {
        await withCheckedContinuation { continuation in
            let isTaken = put { continuation.resume(returning: Result { try read() }) }
            if !isTaken { continuation.resume(returning: .failure(MessagingError.overloaded)) }
        }
    }

    private func put(_ read: @escaping @Sendable () -> Void) -> Bool {
        let (isTaken, mustStart) = state.withLock { state in
            guard state.waiting.count < capacity, !isStalled(state) else { return (false, false) }
            state.waiting.append(read)
            guard state.running < width else { return (true, false) }
            state.running += 1
            // After a quiet time the last read ended long ago, and the next reads would take that for a hung disk.
            state.moved = now()
            return (true, true)
        }
        if mustStart { threads.async { [self] in work() } }
        return isTaken
    }

    private func isStalled(_ state: State) -> Bool {
        guard state.running >= width, let moved = state.moved else { return false }
        return now() - moved > stallLimit
    }

    private func work() {
        while let read = next() { read() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            state.moved = now()
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
