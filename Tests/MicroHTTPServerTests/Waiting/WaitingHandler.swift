import HTTP
import MicroHTTPServer
import Synchronization
import Testing

/// A handler with a number for each topic, which lets those wait who know the number.
///
/// `GET /topic/known/seconds` is answered with the topic and its number where that is not the known one; with `/cold` behind it, by work.
final class WaitingHandler: RequestHandler {
    private struct State {
        var numbers: [String: Int] = [:]
        var watches: [Int: (topic: String, changed: @Sendable () -> Void)] = [:]
        var nextWatch = 0
        var looks = 0
        var lastLook = ContinuousClock.now
        var lastRelease = ContinuousClock.now
        var isColdAfterChange = false
        var falseReports = 0
    }

    /// What a wait takes of all waits.
    private final class Place: Sendable {
        let handler: WaitingHandler

        init(of handler: WaitingHandler) {
            self.handler = handler
            handler.taken.add(1, ordering: .sequentiallyConsistent)
        }

        deinit {
            handler.state.withLock { $0.lastRelease = .now }
            handler.taken.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// What the work for requests waits for.
    let gate: Gate
    private let state = Mutex(State())
    private let taken = Atomic<Int>(0)
    private let beforeWatch: @Sendable (WaitingHandler) -> Void
    private let hold: @Sendable () -> Void

    /// - Parameters:
    ///   - beforeWatch: called before each registration for a change.
    ///   - hold: called on the loop's thread for a request to `/hold`.
    init(
        gate: Gate = Gate(), beforeWatch: @escaping @Sendable (WaitingHandler) -> Void = { _ in },
        hold: @escaping @Sendable () -> Void = {}
    ) {
        self.gate = gate
        self.beforeWatch = beforeWatch
        self.hold = hold
    }

    /// How many waits are not over.
    var places: Int { taken.load(ordering: .sequentiallyConsistent) }
    /// How many registrations there are.
    var watches: Int { state.withLock { $0.watches.count } }
    /// How often the state was looked at again.
    var looks: Int { state.withLock { $0.looks } }
    /// When the state was last looked at again.
    var lastLook: ContinuousClock.Instant { state.withLock { $0.lastLook } }
    /// When the last wait was over.
    var lastRelease: ContinuousClock.Instant { state.withLock { $0.lastRelease } }

    /// From here on, work looks at the state again where a change was reported.
    func becomeCold() { state.withLock { $0.isColdAfterChange = true } }

    /// Has as many of the next registrations followed by a report at once, though nothing changes.
    func reportFalsely(_ count: Int) { state.withLock { $0.falseReports = count } }

    /// Changes a topic, and reports that.
    func change(_ topic: String) {
        state.withLock { $0.numbers[topic, default: 0] += 1 }
        report(topic)
    }

    /// Reports a change that there may not have been; returns how many were told.
    @discardableResult
    func report(_ topic: String) -> Int {
        let told = state.withLock { state in
            let told = state.watches.filter { $0.value.topic == topic }
            for watch in told.keys { state.watches[watch] = nil }
            return told.map(\.value.changed)
        }
        for changed in told { changed() }
        return told.count
    }

    /// The functions that a change would call, which stay registered.
    var registered: [@Sendable () -> Void] { state.withLock { $0.watches.values.map(\.changed) } }

    func begin(_ request: Request) -> Reply {
        let parts = String(decoding: request.target, as: UTF8.self).split(separator: "/")
        guard parts.count >= 3, let known = Int(parts[1]), let seconds = Double(parts[2]) else {
            if parts.first == "hold" { hold() }
            return .response(response("at once"))
        }
        let topic = String(parts[0])
        guard parts.count > 3 else { return reply(topic, known, seconds) }
        return .pending { [self] _ in
            await gate.pass()
            return reply(topic, known, seconds)
        }
    }

    func refuse(_ request: Request, because reason: TransportRefusal) -> Response { response("refused", status: 503) }

    private func reply(_ topic: String, _ known: Int, _ seconds: Double) -> Reply {
        let number = state.withLock { $0.numbers[topic, default: 0] }
        if number != known {
            return .response(Response(status: 200, fields: [], body: Array("\(topic)=\(number)".utf8)))
        }
        return .waiting(
            Wait(
                seconds: seconds, place: Place(of: self),
                watch: { [self] changed in
                    beforeWatch(self)
                    return watch(topic, known, changed)
                },
                again: { [self] in again(topic, known) },
                unchanged: { response($0 == .stopping ? "stopping" : "unchanged", isShared: true) }))
    }

    private func watch(
        _ topic: String, _ known: Int, _ changed: @escaping @Sendable () -> Void
    ) -> (@Sendable () -> Void)? {
        let id: Int? = state.withLock { state in
            guard state.numbers[topic, default: 0] == known else { return nil }
            state.nextWatch += 1
            state.watches[state.nextWatch] = (topic, changed)
            return state.nextWatch
        }
        guard let id else { return nil }
        let isFalse = state.withLock { state in
            state.falseReports -= 1
            return state.falseReports >= 0
        }
        if isFalse { report(topic) }
        return { [self] in state.withLock { _ = $0.watches.removeValue(forKey: id) } }
    }

    /// A wait that continues would last for an hour: what counts is the first one's time.
    private func again(_ topic: String, _ known: Int) -> Reply {
        let isCold = state.withLock { state in
            state.looks += 1
            state.lastLook = .now
            return state.isColdAfterChange
        }
        guard isCold else { return reply(topic, known, 3600) }
        return .pending { [self] _ in
            await gate.pass()
            return reply(topic, known, 3600)
        }
    }
}

/// Lets every request with a number wait for as many seconds; each registration finds that the state has changed, and each look that it
/// has not.
struct RestlessHandler: RequestHandler {
    private final class Place: Sendable {}

    func begin(_ request: Request) -> Reply {
        guard let seconds = Double(String(decoding: request.target.dropFirst(), as: UTF8.self)) else {
            return .response(response("at once"))
        }
        return wait(for: seconds)
    }

    func refuse(_ request: Request, because reason: TransportRefusal) -> Response { response("refused", status: 503) }

    private func wait(for seconds: Double) -> Reply {
        .waiting(
            Wait(
                seconds: seconds, place: Place(), watch: { _ in nil }, again: { wait(for: 3600) },
                unchanged: { _ in response("unchanged") }))
    }
}

/// Lets every request wait for a moment, and needs some work for the answer once that is over.
struct OverdueHandler: RequestHandler {
    private final class Place: Sendable {}

    func begin(_ request: Request) -> Reply {
        .waiting(
            Wait(
                seconds: 0.01, place: Place(), watch: { _ in {} }, again: { .response(response("changed")) },
                unchanged: { response($0 == .stopping ? "stopping" : "unchanged") },
                overdue: {
                    { _ in
                        await Task.yield()
                        return .response(response("after work"))
                    }
                }))
    }

    func refuse(_ request: Request, because reason: TransportRefusal) -> Response { response("refused", status: 503) }
}

/// Lets every request wait, and finds at its second look that it cannot wait on: at once, or for `/later` after some work.
struct EvictingHandler: RequestHandler {
    private final class Place: Sendable {}

    func begin(_ request: Request) -> Reply {
        let isLater = String(decoding: request.target, as: UTF8.self) == "/later"
        return .waiting(
            Wait(
                seconds: 60, place: Place(), watch: { _ in nil },
                again: {
                    guard isLater else { return .evicted(response("evicted")) }
                    return .pending { _ in
                        await Task.yield()
                        return .evicted(response("evicted"))
                    }
                },
                unchanged: { _ in response("unchanged") }))
    }

    func refuse(_ request: Request, because reason: TransportRefusal) -> Response { response("refused", status: 503) }
}

/// Whether no request waits any more, and nothing is kept for one.
func nothingIsLeft(_ handler: WaitingHandler, _ server: Server) async -> Bool {
    await eventually {
        let now = server.statistics
        return handler.places == 0 && handler.watches == 0 && now.waitingRequests == 0 && now.suspendedRequests == 0
            && now.openRequests == 0
    }
}

/// Connections of one loop, each made while a request waits on all of those before it, some at a time.
func waitingClients(_ count: Int, at server: Server, _ handler: WaitingHandler) async throws -> [Client] {
    var clients: [Client] = []
    while clients.count < count {
        for _ in 0..<50 {
            let client = try Client(port: server.boundPort)
            client.send(get("/a/0/60"))
            clients.append(client)
        }
        try #require(await eventually { server.statistics.waitingRequests == clients.count })
    }
    return clients
}

/// Keeps how long exchanges took, in seconds.
final class Observations: ExchangeObserver {
    private let state = Mutex<[Double]>([])

    var seconds: [Double] { state.withLock { $0 } }

    func answered(_ exchange: Exchange) { state.withLock { $0.append(exchange.seconds) } }
}
