import Messaging
import Synchronization

/// Runs reads on its own threads, so that no other thread waits for the disk or the network.
///
/// At most `width` reads run at once, each with a context of its own, such as a connection. A context is made when it is first needed,
/// kept for later reads, and used by one thread at a time; a read may replace it. The other reads wait, at most `capacity` of them.
/// While no read has begun or ended for too long, further reads fail at once rather than wait.
package final class ReadQueue<Context>: Sendable {
    private let lanes: ReadLanes
    private let contexts: [Place]
    private let makeContext: @Sendable () -> Context

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
        lanes = ReadLanes(width: width, capacity: capacity, stallLimit: stallLimit, now: now)
        contexts = (0..<width).map { _ in Place() }
        self.makeContext = makeContext
    }

    /// Whether all lanes have been at the same reads for too long.
    package var isStalled: Bool { lanes.isStalled }

    /// Runs a read and returns what it found, without holding a thread meanwhile.
    ///
    /// Where it cannot be taken, the result is ``MessagingError/overloaded``.
    package func perform<Answer: Sendable>(
        _ read: @escaping @Sendable (inout Context) throws -> Answer
    ) async -> Result<Answer, any Error> {
        await withCheckedContinuation { continuation in
            let isTaken = lanes.put { [self] lane in
                run(on: lane) { context in continuation.resume(returning: Result { try read(&context) }) }
            }
            if !isTaken { continuation.resume(returning: .failure(MessagingError.overloaded)) }
        }
    }

    private func run(on lane: Int, _ read: @Sendable (inout Context) -> Void) {
        contexts[lane].context.withLock { context in
            var present = context.take() ?? makeContext()
            read(&present)
            context = present
        }
    }

    /// Drops the contexts of all lanes, each once its read has ended; blocks until then. Later reads make new ones.
    ///
    /// It must not be called by a read.
    package func dropContexts() {
        for place in contexts { place.context.withLock { $0 = nil } }
    }

    /// Where the context of a lane is kept.
    private final class Place: Sendable {
        let context = Mutex<Context?>(nil)
    }
}
