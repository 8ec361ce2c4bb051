import HTTP
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("What bounds polls that wait", .onEachStore)
struct WaitingLimitsTests {
    /// Whether an answer with nothing new sends its client away for a part of the ordinary interval.
    private func isSentAway(_ response: Response?) -> Bool {
        guard let response, response.hasNothingNew, response.value(of: "Preference-Applied") == "wait=30",
            let seconds = response.value(of: "X-Poll-Interval").flatMap({ Int($0) })
        else { return false }
        return (1...10).contains(seconds)
    }

    @Test("A caller for whom too many polls wait is answered at once and sent away, until one has ended")
    func places() async throws {
        let bench = try await WaitingBench { $0.mostWaitingOfEach = 2 }
        let (first, second) = (try await bench.waiter(.list), try await bench.waiter(.messages))
        #expect(isSentAway(await bench.start(try await bench.idlePoll(.one)).response()))
        #expect(isSentAway(await bench.start(try await bench.idlePoll(.messagesDelta)).response()))
        #expect(bench.service.waitingPlaces.refused == 2)
        let other = bench.start(try await bench.idlePoll(.messages, as: "bob"))
        #expect(await other.wait() != nil)
        await first.goAway()
        #expect(bench.service.waitingPlaces.taken == 2)
        let third = try await bench.waiter(.one)
        _ = await second.end(.timeOver)
        #expect(bench.service.waitingPlaces.taken == 2)
        await third.goAway()
        await other.goAway()
        #expect(bench.service.waitingPlaces.taken == 0)
    }

    @Test("Where too many polls of all callers wait, further ones are answered at once and sent away")
    func total() async throws {
        let bench = try await WaitingBench { $0.mostWaiting = 1 }
        let first = try await bench.waiter()
        #expect(isSentAway(await bench.start(try await bench.idlePoll(.messages, as: "bob")).response()))
        try await bench.send()
        #expect(await first.response()?.status == 200)
        try await bench.waiter(.messages, as: "bob").goAway()
    }

    @Test(
        "When the server stops, who waits is sent away for a part of the ordinary interval",
        arguments: [
            WaitingTests.View.list, .listDelta, .messages, .messagesDelta, .one,
        ])
    func stopping(view: WaitingTests.View) async throws {
        let bench = try await WaitingBench()
        #expect(isSentAway(await (try await bench.waiter(view)).end(.stopping)))
    }

    @Test("A wait takes one token of the rate limit for polls, however often it looks again")
    func rate() async throws {
        let bench = try await WaitingBench {
            $0.limits.polls = RateLimit(name: "polls", perSecond: 0.001, burst: 2)
        }
        let waiter = try await bench.waiter()
        try await bench.send()
        #expect(await waiter.response()?.status == 200)
        #expect(await bench.get(WaitingBench.poll(WaitingBench.messages)).status == 429)
    }

    @Test("A poll of what is not in memory is read, and then waits", arguments: WaitingTests.View.allCases)
    func cold(view: WaitingTests.View) async throws {
        let bench = try await WaitingBench()
        let poll = try await bench.idlePoll(view)
        let waiter = WaitingExchange(poll, by: bench.restarted())
        #expect(await waiter.wait() != nil)
        #expect(await waiter.end(.timeOver)?.hasNothingNew == true)
    }

    @Test("A poll whose state is evicted while it waits goes on to wait, and gets the news")
    func evicted() async throws {
        let bench = try await WaitingBench(indexCapacity: 1)
        let waiter = try await bench.waiter()
        _ = await bench.get(WaitingBench.poll(WaitingBench.list + "/other/messages"))
        #expect(await waiter.wait() != nil)
        #expect(waiter.wakes == 1)
        try await bench.send()
        #expect(text(await waiter.response()?.body ?? []).contains("news"))
    }

    @Test("A poll whose state is evicted again and again is sent away")
    func crowded() async throws {
        let bench = try await WaitingBench(indexCapacity: 1)
        let waiter = try await bench.waiter()
        for _ in 0..<8 {
            _ = await bench.get(WaitingBench.poll(WaitingBench.list + "/other/messages"))
            #expect(await waiter.wait() != nil)
        }
        _ = await bench.get(WaitingBench.poll(WaitingBench.list + "/other/messages"))
        #expect(isSentAway(await waiter.response()))
    }

    @Test("A poll with preferences gets no kept 304, and its 304 is not kept for polls without")
    func kept() async throws {
        let bench = try await WaitingBench()
        let ordinary = try await bench.idlePoll(.messages, prefer: nil)
        let kept = try #require(bench.service.begin(ordinary).response)
        #expect(bench.service.begin(ordinary).response === kept)
        let over = await (try await bench.waiter()).end(.timeOver)
        #expect(over !== kept)
        #expect(bench.service.begin(ordinary).response === kept)
    }

    @Test(
        "While the load is high, polls are sent away for longer, kept 304s too, and then some are refused, but no sends"
    )
    func load() async throws {
        let bench = try await WaitingBench()
        let poll = try await bench.idlePoll(.messages, prefer: nil)
        func interval() -> String? { bench.service.begin(poll).response?.value(of: "X-Poll-Interval") }
        #expect(interval() == "10" && interval() == "10")
        for _ in 0..<10 { bench.service.pollPace.observe(1) }
        #expect(interval() == "20" && interval() == "20")
        let longer = bench.service.begin(poll).response
        #expect(bench.service.begin(poll).response === longer, "it is kept again")
        for _ in 0..<200 { bench.service.pollPace.observe(1) }
        let statuses = (0..<8).map { _ in bench.service.begin(poll).response?.status }
        #expect(statuses.filter { $0 == 503 }.count == 7)
        for _ in 0..<8 { try await bench.send() }
        #expect(bench.service.pollPace.refused == 7)
        for _ in 0..<1000 { bench.service.pollPace.observe(0) }
        #expect((0..<8).allSatisfy { _ in bench.service.begin(poll).response?.status == 200 })
    }

    @Test("A wait ends with the token of its caller")
    func expires() async throws {
        let mint = try await TokenMint()
        let tokens = TokenBench(try await TokenKeys(secret: mint.secret))
        let bench = try await WaitingBench(identity: tokens.identity)
        // It is good for the leeway beyond its end.
        let token = try TokenMint.token(
            "{\"alg\":\"HS256\"}", TokenMint.claims(exp: "\(TokenMint.now - 20)"), by: mint.hs256)
        func poll(_ tag: String?) -> Request {
            request(
                .get, WaitingBench.messages,
                [(.authorization, "Bearer " + text(token)), (.prefer, "wait=30")]
                    + (tag.map { [(.ifNoneMatch, $0)] } ?? []))
        }
        let tag = await bench.get(poll(nil)).value(of: "ETag")
        let waiter = bench.start(poll(tag))
        #expect(await waiter.wait()?.seconds == 10)
        tokens.pass(milliseconds: 4000)
        let later = bench.start(poll(tag))
        #expect(await later.wait()?.seconds == 6)
        #expect(await later.end(.timeOver)?.status == 304)
        tokens.pass(milliseconds: 6000)
        #expect(await bench.get(poll(tag)).status == 401)
        // A change that comes with the end of the token is not told any more.
        let writer = request(
            .post, WaitingBench.messages,
            [
                (
                    .authorization,
                    "Bearer "
                        + text(
                            try TokenMint.token(
                                "{\"alg\":\"HS256\"}", TokenMint.claims(sub: "\"bob\""), by: mint.hs256))
                ), (.contentType, "text/plain"),
            ],
            body: Array("news".utf8))
        #expect(await bench.get(writer).status == 201)
        #expect(await waiter.response()?.status == 401)
    }

    @Test("A waiting poll is not told of changes once the key of its token is removed")
    func revoked() async throws {
        let mint = try await TokenMint()
        let tokens = TokenBench(try await TokenKeys(secret: mint.secret))
        let bench = try await WaitingBench(identity: tokens.identity)
        func token(_ user: String) throws -> String {
            "Bearer "
                + text(try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(sub: "\"\(user)\""), by: mint.hs256))
        }
        let (alice, bob) = (try token("alice"), try token("bob"))
        func poll(_ tag: String?) -> Request {
            request(
                .get, WaitingBench.messages,
                [(.authorization, alice), (.prefer, "wait=30")] + (tag.map { [(.ifNoneMatch, $0)] } ?? []))
        }
        let waiter = bench.start(poll(await bench.get(poll(nil)).value(of: "ETag")))
        #expect(await waiter.wait()?.seconds == 30)
        let sending = request(
            .post, WaitingBench.messages, [(.authorization, bob), (.contentType, "text/plain")],
            body: Array("news".utf8))
        #expect(await bench.get(sending).status == 201)
        #expect(await waiter.response()?.status == 200)
        let second = bench.start(poll(await bench.get(poll(nil)).value(of: "ETag")))
        #expect(await second.wait() != nil)
        tokens.identity.replaceKeys(try await TokenKeys(secret: Array("another secret of more than 32 bytes!".utf8)))
        try await bench.store.setPerson(Person(id: UserID(trusted: "bob"), name: "Bob", company: nil), tenant: .none)
        let marked = try await bench.store.markRead(
            ConversationID(trusted: "conv"), upTo: nil, by: Caller(user: UserID(trusted: "bob")))
        #expect(marked.unread == 0)
        #expect(await second.response()?.status == 401)
    }
}
