import Dispatch
import Foundation
import Messaging
import StoreWork
import Synchronization

/// The one thread that writes: it takes all waiting commands, runs them in as few calls as it can, and answers them once they are durable.
final class Writer: Sendable {
    /// The most commands in one call: bounds how long the first of them waits.
    private static let largestBatch = 512
    /// How long a batch may take before further writes are refused.
    private static let stallLimit = Duration.seconds(2)
    /// How long a caller waits for an answer at most. The write itself is not cancelled.
    static let answerLimit = Duration.seconds(5)
    /// How long to rest before the next look at what has failed.
    private static let rest = Duration.seconds(1)

    private struct Running {
        var commands: [WriteCommand] = []
        var since: ContinuousClock.Instant?
        var serverProcess: Int32?
    }

    private let health: StoreHealth
    private let interrupt: PostgresInterrupt
    private let queue: WriteQueue<WriteCommand>
    private let running = Mutex(Running())
    private let mustReconnect = Atomic<Bool>(false)
    private let end = DispatchGroup()

    /// Starts the thread, which connects by itself.
    init(
        connector: WriterConnector, health: StoreHealth, line: AnswerLine, capacity: Int,
        committed: (@Sendable (GroupCommit) -> Void)?
    ) {
        self.health = health
        interrupt = connector.interrupt
        queue = WriteQueue(capacity: capacity, stallLimit: Self.stallLimit)
        end.enter()
        let thread = Thread { [self] in
            work(WriterSession(connector: connector, health: health, line: line, committed: committed))
            end.leave()
        }
        thread.name = "postbox-writer"
        thread.start()
    }

    /// Whether the present batch has taken too long.
    var isStalled: Bool { queue.isStalled }

    /// The process of the server that runs the present batch; nil where none runs.
    var serverProcess: Int32? { running.withLock { $0.serverProcess } }

    /// Hands a command to the thread; its reply is given exactly once, here or later on another thread.
    func submit(_ command: WriteCommand) {
        guard let refusal = queue.put(command) else { return }
        if queue.isStalled { health.failed(.write, StoreFailure(health.fault(of: .write) ?? .stalled)) }
        command.refuse(refusal)
    }

    /// Runs a command and returns its answer, without holding a thread meanwhile.
    func perform<Value: Sendable>(
        _ command: (Reply<Value>) -> WriteCommand
    ) async throws(MessagingError) -> Value {
        let result: Result<Value, MessagingError> = await withCheckedContinuation { continuation in
            submit(command(Reply { continuation.resume(returning: $0) }))
        }
        return try result.get()
    }

    /// Runs a command and returns its answer; blocks meanwhile, so it is for threads that may.
    func performBlocking<Value: Sendable>(_ command: (Reply<Value>) -> WriteCommand) throws(MessagingError) -> Value {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<Value, MessagingError>?>(nil)
        submit(
            command(
                Reply { result in
                    outcome.withLock { $0 = result }
                    done.signal()
                }))
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a command ended without an answer") }
        return try result.get()
    }

    /// Has the thread connect anew before its next batch: another connection found another epoch.
    func reconnect() {
        guard !mustReconnect.exchange(true, ordering: .acquiringAndReleasing) else { return }
        submit(.probe(Reply { _ in }))
    }

    /// Answers those who have waited for too long.
    ///
    /// Whether their writes happened is not known yet: their keys settle it. The thread goes on waiting.
    func answerStalled(after limit: Duration = answerLimit) {
        let commands = running.withLock { running -> [WriteCommand]? in
            guard let since = running.since, .now - since > limit else { return nil }
            defer { running.commands = [] }
            return running.commands
        }
        guard let commands else { return }
        let fault = health.fault(of: .write) ?? .stalled
        for command in commands + queue.takeWaiting() { command.refuse(.storeUnavailable(fault.sentence)) }
    }

    /// Answers everything that is waiting, then ends the thread; later commands are refused. It waits for a stalled batch no longer than
    /// a caller does.
    func close() {
        queue.close()
        if end.wait(timeout: .now() + .seconds(6)) == .timedOut {
            answerStalled(after: .zero)
            interrupt.raise()
            end.wait()
        }
    }

    private func work(_ session: WriterSession) {
        while let batch = queue.take(atMost: Self.largestBatch, patience: patience(session)) {
            running.withLock { running in
                running = Running(
                    commands: batch, since: .now, serverProcess: session.serverProcess)
            }
            if mustReconnect.exchange(false, ordering: .acquiringAndReleasing) { session.disconnect() }
            let isTroubled = !session.isConnected || health.fault(of: .write) != nil
            session.run(batch.isEmpty && isTroubled ? [.probe(Reply { _ in })] : batch)
            running.withLock { $0 = Running() }
        }
    }

    /// How long to wait for something to write before there is something else to do; nil for ever.
    private func patience(_ session: WriterSession) -> Duration? {
        if !session.isConnected { return max(session.retryAt - .now, .milliseconds(1)) }
        return health.fault(of: .write) == nil ? nil : Self.rest
    }
}
