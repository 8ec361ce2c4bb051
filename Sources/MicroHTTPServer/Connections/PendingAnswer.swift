import CMicroHTTPD
import HTTP
import Synchronization

/// The answer that a suspended connection waits for.
///
/// The first delivery resumes the connection, exactly once. A suspended connection cannot go away, so its pointer is
/// good for as long as the state is `waiting`. The library may see the connection resumed, finish with it and be
/// stopped before `MHD_resume_connection` has returned: that is why it is called under the lock, and why ``take()``,
/// which the loop calls before anything of this kind can happen, waits for it.
final class PendingAnswer: Sendable {
    private enum State {
        /// The pointer of the connection as a number, which may cross threads.
        case waiting(connection: Int)
        case delivered(Response)
        case taken
    }

    private let state: Mutex<State>
    private let queue: LoopQueue
    /// Has the daemon of the connection run.
    private let runRequest: RunRequest
    /// The request to answer.
    let request: Request
    /// The socket of the connection; another connection may have it once the answer is taken.
    let descriptor: Int32

    convenience init(to request: Request, for handle: OpaquePointer, on connection: Connection, _ queue: LoopQueue) {
        self.init(
            to: request, in: .waiting(connection: Int(bitPattern: handle)), on: connection.descriptor,
            of: connection.daemon.runRequest, queue)
    }

    private init(
        to request: Request, in state: State, on descriptor: Int32, of runRequest: RunRequest, _ queue: LoopQueue
    ) {
        self.request = request
        self.state = Mutex(state)
        self.descriptor = descriptor
        self.runRequest = runRequest
        self.queue = queue
    }

    /// Hands over the answer and resumes the connection; a second one is dropped. Any thread may call it.
    func deliver(_ response: Response) {
        let resumed = state.withLock { state in
            guard case .waiting(let connection) = state else { return false }
            state = .delivered(response)
            MHD_resume_connection(OpaquePointer(bitPattern: connection))
            return true
        }
        guard resumed else { return }
        runRequest.make()
        // The library does not wake a loop that it does not run itself.
        queue.wake()
    }

    /// Reports a change to the wait for this answer. Any thread may call it.
    func reportChange() { queue.append(.changed(self)) }

    /// Reports that the work for this answer has ended in a wait. Any thread may call it.
    func reportWait(_ wait: Wait) { queue.append(.waiting(self, wait)) }

    /// Reports that the work for this answer has found that its request cannot wait on. Any thread may call it.
    func reportEviction(_ response: Response) { queue.append(.evicted(self, response)) }

    /// The same for a request that has a name, which takes the place of this one; called on the loop thread.
    func named(by makeID: () -> String) -> PendingAnswer {
        guard request.id == nil else { return self }
        var request = request
        request.named(by: makeID)
        let taken = state.withLock { state in
            defer { state = .taken }
            return state
        }
        return PendingAnswer(to: request, in: taken, on: descriptor, of: runRequest, queue)
    }

    /// The answer, once, if it is there; called on the loop thread, when the library is at the connection again.
    func take() -> Response? {
        state.withLock { state in
            guard case .delivered(let response) = state else { return nil }
            state = .taken
            return response
        }
    }
}
