import Glibc
import HTTP
import Synchronization

/// Verifies tokens one at a time, on a thread of lower priority than the loops, so that bad tokens do not delay polls.
///
/// The queue is bounded in count and bytes, and client networks take turns. The thread exists only while something waits.
final class VerificationQueue: Sendable {
    private struct Work: Sendable {
        let run: @Sendable () -> Void
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var waiting: FairQueue<ClientNetwork, Work>
        var hasThread = false
    }

    /// The most tokens that wait: enough for all clients to come back at once after a restart.
    static let countLimit = 4096
    static let sizeLimit = 4 << 20

    /// How much nicer the thread is than the loops: it gets about a tenth of a processor where they could use all of it.
    private static let niceness: Int32 = 10

    private let state = Mutex(
        State(waiting: FairQueue(countLimit: VerificationQueue.countLimit, sizeLimit: VerificationQueue.sizeLimit)))

    /// Runs `work`, which holds `size` bytes, when its turn comes; any thread may ask.
    ///
    /// - Throws: what the work throws; `overloaded` where too much waits already.
    func run<Value: Sendable>(
        for source: ClientNetwork, size: Int, _ work: @escaping @Sendable () -> Result<Value, Problem>
    ) async throws(Problem) -> Value {
        let result = await withCheckedContinuation { continuation in
            enqueue(
                Work(
                    run: { continuation.resume(returning: work()) },
                    refuse: { continuation.resume(returning: .failure(Self.overload)) }),
                size: size, from: source)
        }
        return try result.get()
    }

    private func enqueue(_ work: Work, size: Int, from source: ClientNetwork) {
        let (displaced, needsThread) = state.withLock { state in
            let displaced = state.waiting.add(work, size: size, from: source)
            defer { state.hasThread = true }
            return (displaced, !state.hasThread)
        }
        for work in displaced { work.refuse() }
        if needsThread { startThread() }
    }

    private func startThread() {
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, work, context.toOpaque()) == 0 else {
            context.release()
            // Nothing is computed here: this may be a loop's thread.
            while let work = next() { work.refuse() }
            return
        }
        pthread_detach(thread)
    }

    /// The main function of the thread.
    fileprivate func runAll() {
        // On Linux this is the niceness of the calling thread alone (setpriority(2)).
        let thread = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(thread, 0, getpriority(thread, 0) + Self.niceness)
        while let work = next() { work.run() }
    }

    private func next() -> Work? {
        state.withLock { state in
            let work = state.waiting.next()
            if work == nil { state.hasThread = false }
            return work
        }
    }

    private static var overload: Problem {
        Problem(
            .overloaded, "Too many tokens are waiting to be verified. Try again shortly.",
            fields: [Response.Field("Retry-After", "1")])
    }
}

private func work(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<VerificationQueue>.fromOpaque(context).takeRetainedValue().runAll()
    return nil
}
