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
    private let signal: LoopSignal
    /// The request to answer.
    let request: Request

    init(to request: Request, for connection: OpaquePointer, signal: LoopSignal) {
        self.request = request
        state = Mutex(.waiting(connection: Int(bitPattern: connection)))
        self.signal = signal
    }

    /// Hands over the answer and resumes the connection; a second one is dropped. Any thread may call it.
    func deliver(_ response: Response) {
        let resumed = state.withLock { state in
            guard case .waiting(let connection) = state else { return false }
            state = .delivered(response)
            MHD_resume_connection(OpaquePointer(bitPattern: connection))
            return true
        }
        // The library does not wake a loop that it does not run itself.
        if resumed { signal.wake() }
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
