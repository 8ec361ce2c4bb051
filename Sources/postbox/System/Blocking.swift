import Dispatch
import Synchronization

/// Waits for asynchronous work on a thread that may wait: the main thread, never a loop or a task.
enum Blocking {
    /// Runs the work and returns what it returns.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<Value, any Error>?>(nil)
        Task {
            let result: Result<Value, any Error>
            do {
                result = .success(try await work())
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("the work ended without an outcome") }
        return try result.get()
    }
}
