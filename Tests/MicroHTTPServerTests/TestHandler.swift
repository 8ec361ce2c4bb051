import Dispatch
import HTTP
import Synchronization

/// A handler made of closures, which keeps the requests it is given.
final class TestHandler: RequestHandler {
    private let memory: @Sendable (Request) -> Response?
    private let elsewhere: @Sendable (Request) async -> Response
    private let atHead: @Sendable (Request) -> Response?
    private let seen = Mutex<[Request]>([])

    init(
        memory: @escaping @Sendable (Request) -> Response? = { _ in nil },
        elsewhere: @escaping @Sendable (Request) async -> Response = { _ in Response(status: 500, fields: []) },
        atHead: @escaping @Sendable (Request) -> Response? = { _ in nil }
    ) {
        self.atHead = atHead
        self.memory = memory
        self.elsewhere = elsewhere
    }

    /// Answers every request from memory with this.
    convenience init(always response: Response) { self.init(memory: { _ in response }) }

    /// Holds the thread of whoever asks it to answer a `PUT`, as no handler must.
    convenience init(hangingAtPut hold: DispatchSemaphore) {
        self.init(memory: { request in
            if request.method == .put { hold.wait() }
            return response("")
        })
    }

    /// Answers a `GET` "now" from memory, and everything else "later", once the gate is open.
    convenience init(heldBy gate: Gate) {
        self.init(
            memory: { $0.method == .get ? response("now") : nil },
            elsewhere: { _ in
                await gate.pass()
                return response("later")
            })
    }

    var requests: [Request] { seen.withLock { $0 } }

    func begin(_ request: Request) -> Reply {
        seen.withLock { $0.append(request) }
        if let response = memory(request) { return .response(response) }
        return .pending { [elsewhere] id in
            var request = request
            if let id { request.named { id } }
            return .response(await elsewhere(request))
        }
    }

    func refusalAtHead(of request: Request) -> Response? { atHead(request) }

    /// Another one for each target.
    func source(of request: Request) -> RequestSource { .network(.version4(request.target)) }

    func refuse(_ request: Request, because reason: TransportRefusal) -> Response {
        switch reason {
        case .bodyTooLarge(let limit): Response(status: 413, fields: [], body: Array("limit \(limit)".utf8))
        case .ambiguousLength, .malformedChunks, .malformedHead, .invalidHost: Response(status: 400, fields: [])
        case .headTooLarge: response("Send less.", status: 431)
        case .tooManyBodies, .stopping: Response(status: 503, fields: [])
        }
    }
}

/// Holds back whoever waits at it until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var waiting: Int { state.withLock { $0.waiting.count } }
    var isOpen: Bool { state.withLock { $0.isOpen } }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
