import HTTP
import Messaging
import TestSupport

/// The polls of a history that wait. Whatever happens meanwhile, each is answered if and only if what it shows has changed, or its time is
/// over.
struct Waiters {
    private struct Waiter {
        let request: TestRequest
        let exchange: WaitingExchange
    }

    /// As many as keep a history short.
    private static let most = 6

    private var waiters: [Waiter] = []

    /// Begins a poll that has all there is of a URL, and so waits.
    mutating func start(_ user: String, _ url: String, at server: Server, byCursor: Bool) async throws {
        guard waiters.count < Self.most else { return }
        let known = await server.answer(TestRequest(user: user, url: url))
        try require(known.status == 200, "\(known.status) for \(user) at \(url)")
        var request = TestRequest(user: user, url: url)
        if byCursor {
            let cursor = try known.cursor.orViolation("no X-Cursor for \(user) at \(url)")
            request = TestRequest(user: user, url: "\(url)\(url.contains("?") ? "&" : "?")since=\(cursor)")
        } else {
            request.ifNoneMatch = known.etag
        }
        request.prefer = "wait=60"
        waiters.append(Waiter(request: request, exchange: server.start(request)))
    }

    /// Checks all of them while nobody else does anything.
    mutating func check(_ server: Server) async throws {
        var left: [Waiter] = []
        for waiter in waiters {
            switch await settled(waiter, server) {
            case .waiting:
                try await require(!hasNews(waiter, server), "\(Self.name(waiter)) waits, although there is news")
                left.append(waiter)
            case .answered(let response):
                try await check(response, to: waiter, server, mayBeSentAway: server.isForgetful)
            case .running, .gone: break
            }
        }
        waiters = left
    }

    /// Where a waiter is, once its node has had time for a look where there is news.
    private func settled(_ waiter: Waiter, _ server: Server) async -> WaitingExchange.State {
        let state = await waiter.exchange.settled()
        guard case .waiting = state, server.hasNodes, await hasNews(waiter, server) else { return state }
        await server.catchUp()
        return await waiter.exchange.settled()
    }

    /// Ends one of the waits.
    mutating func timeOut(_ chance: inout Generator, _ server: Server) async throws {
        guard !waiters.isEmpty else { return }
        let waiter = waiters.remove(at: chance.below(waiters.count))
        let response = await waiter.exchange.end(.timeOver)
        try await check(
            try response.orViolation("no answer for \(Self.name(waiter))"), to: waiter, server, mayBeSentAway: true)
    }

    /// Ends all of them, as a server does that stops.
    func stop(_ server: Server) async throws {
        for waiter in waiters {
            let response = try await waiter.exchange.end(.stopping).orViolation("no answer for \(Self.name(waiter))")
            try await check(response, to: waiter, server, mayBeSentAway: true)
        }
    }

    /// Ends all of them without an answer, as a server does that is killed.
    func lose() async {
        for waiter in waiters { await waiter.exchange.goAway() }
    }

    /// Asks another server for what those wanted whom the last one has not answered with news: they wait again if and only if nothing has
    /// changed meanwhile.
    mutating func comeBack(to server: Server) {
        waiters = waiters.map { Waiter(request: $0.request, exchange: server.start($0.request)) }
    }

    private func check(
        _ response: Response, to waiter: Waiter, _ server: Server, mayBeSentAway: Bool
    ) async throws {
        let answer = Answer(response, to: waiter.request)
        if server.isBehind(answer) { return }
        guard Self.isNews(answer, to: waiter) else {
            try require(
                mayBeSentAway, "\(Self.name(waiter)) is answered \(answer.status) \(answer.text), with nothing new")
            return
        }
        try await require(hasNews(waiter, server), "\(Self.name(waiter)) is answered, although nothing has changed")
    }

    /// Whether the same poll without a wait would be answered with something new by a server that has nothing in memory.
    private func hasNews(_ waiter: Waiter, _ server: Server) async -> Bool {
        var request = waiter.request
        request.prefer = nil
        return Self.isNews(await server.freshAnswer(request), to: waiter)
    }

    /// An empty page is news where the tag was of one that was not; a delta without anything is not.
    private static func isNews(_ answer: Answer, to waiter: Waiter) -> Bool {
        answer.status != 304 && (answer.text != "[]" || waiter.request.ifNoneMatch != nil)
    }

    private static func name(_ waiter: Waiter) -> String {
        "\(waiter.request.user)'s poll of \(waiter.request.url) with \(waiter.request.ifNoneMatch ?? "no tag")"
    }
}
