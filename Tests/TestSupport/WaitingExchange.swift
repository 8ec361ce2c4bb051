import HTTP
import Synchronization

/// The server's half of one request that may wait, without a socket or a clock: a test decides when its time is over.
package final class WaitingExchange: Sendable {
    /// Where the request is.
    package enum State: Sendable {
        /// It is being answered.
        case running
        /// It waits for a change.
        case waiting(Wait)
        case answered(Response)
        /// Its client has gone away.
        case gone
    }

    private enum Signal {
        case changed
        case ended(Wait.End)
        case gone
    }

    private struct Inner {
        var state = State.running
        var continuation: CheckedContinuation<Signal, Never>?
        var cancel: (@Sendable () -> Void)?
        var observers: [CheckedContinuation<Void, Never>] = []
        var wakes = 0
        var isEvicted = false
    }

    private let inner = Mutex(Inner())

    /// Begins to answer a request.
    package init(_ request: Request, by handler: some RequestHandler) {
        Task { await run(handler.begin(request), request.id) }
    }

    /// How often a change has woken it.
    package var wakes: Int { inner.withLock { $0.wakes } }

    /// Whether it could not wait on, because what it waited for was evicted.
    package var isEvicted: Bool { inner.withLock { $0.isEvicted } }

    /// Where the request is once it waits, or does no more; what other threads change afterwards may end the wait at any moment.
    package func settled() async -> State {
        while true {
            let state = inner.withLock { $0.state }
            if case .running = state {
                await withCheckedContinuation { continuation in
                    let isRunning = inner.withLock { inner in
                        guard case .running = inner.state else { return false }
                        inner.observers.append(continuation)
                        return true
                    }
                    if !isRunning { continuation.resume() }
                }
            } else {
                return state
            }
        }
    }

    /// The answer; nil while it waits.
    package func response() async -> Response? {
        guard case .answered(let response) = await settled() else { return nil }
        return response
    }

    /// The wait; nil where it has been answered.
    package func wait() async -> Wait? {
        guard case .waiting(let wait) = await settled() else { return nil }
        return wait
    }

    /// Ends its wait, and returns the answer.
    package func end(_ end: Wait.End) async -> Response? {
        _ = await settled()
        signal(.ended(end))
        return await response()
    }

    /// Takes its client away.
    package func goAway() async {
        _ = await settled()
        signal(.gone)
        _ = await settled()
    }

    private func run(_ first: Reply, _ requestID: String?) async {
        var reply = first
        while true {
            switch reply {
            case .response(let response): return settle(.answered(response))
            case .evicted(let response):
                inner.withLock { $0.isEvicted = true }
                return settle(.answered(response))
            case .pending(let work): reply = await work(requestID)
            case .waiting(let wait):
                switch await self.signal(in: wait) {
                case .changed: reply = wait.again()
                case .ended(.timeOver): reply = await wait.overdue()?(requestID) ?? .response(wait.unchanged(.timeOver))
                case .ended(.stopping): reply = .response(wait.unchanged(.stopping))
                case .gone: return settle(.gone)
                }
            }
        }
    }

    private func signal(in wait: Wait) async -> Signal {
        await withCheckedContinuation { continuation in
            inner.withLock { $0.continuation = continuation }
            guard let cancel = wait.watch({ self.signal(.changed) }) else { return signal(.changed) }
            let isOver = inner.withLock { inner in
                guard inner.continuation != nil else { return true }
                inner.cancel = cancel
                inner.state = .waiting(wait)
                return false
            }
            if isOver { cancel() }
            notify()
        }
    }

    private func signal(_ signal: Signal) {
        let (continuation, cancel) = inner.withLock { inner in
            defer { (inner.continuation, inner.cancel) = (nil, nil) }
            if inner.continuation != nil {
                inner.state = .running
                if case .changed = signal { inner.wakes += 1 }
            }
            return (inner.continuation, inner.cancel)
        }
        cancel?()
        continuation?.resume(returning: signal)
    }

    private func settle(_ state: State) {
        inner.withLock { $0.state = state }
        notify()
    }

    private func notify() {
        let observers = inner.withLock { inner in
            defer { inner.observers = [] }
            return inner.observers
        }
        for observer in observers { observer.resume() }
    }
}
