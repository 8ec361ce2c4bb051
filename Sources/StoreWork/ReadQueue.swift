import Dispatch
import Messaging
import Synchronization

/// Runs reads on its own threads, so that no other thread waits for the disk or the network.
///
/// At most `width` reads run at once, each with a context of its own, such as a connection. A context is made when it is first needed,
/// kept for later reads, and used by one thread at a time; a read may replace it. The other reads wait, at most `capacity` of them.
/// While no read has begun or ended for too long, further reads fail at once rather than wait.
package final class ReadQueue<Context>: Sendable {
    private typealias Read = @Sendable (inout Context) -> Void

    private struct State {
        var waiting: [Read] = []
        /// The lanes that run no read; the one used last comes first, because its context is the most likely to be there.
        var free: [Lane]
        /// When a read last began or ended.
        var moved: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let threads = DispatchQueue(label: "postbox-readers", attributes: .concurrent)
    private let lanes: [Lane]
    private let makeContext: @Sendable () -> Context
    private let capacity: Int
    private let stallLimit: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Creates a queue without reads.
    ///
    /// - Parameters:
    ///   - width: the most reads that run at once.
    ///   - capacity: the most reads that wait.
    ///   - stallLimit: for how long all lanes may be at the same reads before further ones are refused.
    ///   - now: the monotonic time.
    ///   - makeContext: makes the context of a lane on the thread of its first read; it should do nothing that takes time or fails.
    package init(
        width: Int, capacity: Int, stallLimit: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        makeContext: @escaping @Sendable () -> Context
    ) {
        let lanes = (0..<width).map { _ in Lane() }
        self.lanes = lanes
        state = Mutex(State(free: lanes))
        self.makeContext = makeContext
        self.capacity = capacity
        self.stallLimit = stallLimit
        self.now = now
    }

    /// Whether all lanes have been at the same reads for too long.
    package var isStalled: Bool { state.withLock { isStalled($0) } }

    /// Runs a read and returns what it found, without holding a thread meanwhile.
    ///
    /// Where it cannot be taken, the result is ``MessagingError/overloaded``.
    package func perform<Answer: Sendable>(
        _ read: @escaping @Sendable (inout Context) throws -> Answer
    ) async -> Result<Answer, any Error> {
        await withCheckedContinuation { continuation in
            let isTaken = put { context in continuation.resume(returning: Result { try read(&context) }) }
            if !isTaken { continuation.resume(returning: .failure(MessagingError.overloaded)) }
        }
    }

    /// Drops the contexts of all lanes, each once its read has ended; blocks until then. Later reads make new ones.
    ///
    /// It must not be called by a read.
    package func dropContexts() {
        for lane in lanes { lane.context.withLock { $0 = nil } }
    }

    private func put(_ read: @escaping Read) -> Bool {
        let (isTaken, lane) = state.withLock { state -> (Bool, Lane?) in
            guard state.waiting.count < capacity, !isStalled(state) else { return (false, nil) }
            state.waiting.append(read)
            guard let lane = state.free.popLast() else { return (true, nil) }
            // After a quiet time the last read ended long ago, and the next reads would take that for a hung disk.
            state.moved = now()
            return (true, lane)
        }
        if let lane { threads.async { [self] in work(lane) } }
        return isTaken
    }

    private func isStalled(_ state: State) -> Bool {
        guard state.free.isEmpty, let moved = state.moved else { return false }
        return now() - moved > stallLimit
    }

    private func work(_ lane: Lane) {
        while let read = next(lane) {
            lane.context.withLock { context in
                var present = context.take() ?? makeContext()
                read(&present)
                context = present
            }
        }
    }

    /// Takes the read that waits longest, or else frees the lane.
    private func next(_ lane: Lane) -> Read? {
        state.withLock { state in
            state.moved = now()
            guard !state.waiting.isEmpty else {
                state.free.append(lane)
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    /// One of the reads that run at once, and its context.
    private final class Lane: Sendable {
        let context = Mutex<Context?>(nil)
    }
}

extension ReadQueue where Context == Void {
    /// Creates a queue of reads that need no context.
    package convenience init(
        width: Int, capacity: Int, stallLimit: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.init(width: width, capacity: capacity, stallLimit: stallLimit, now: now, makeContext: {})
    }

    /// Runs a read that needs no context.
    package func perform<Answer: Sendable>(
        _ read: @escaping @Sendable () throws -> Answer
    ) async -> Result<Answer, any Error> {
        await perform { (_: inout Void) in try read() }
    }
}
