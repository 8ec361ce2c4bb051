import HTTP
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("Polls that wait for something new", .onEachStore)
struct WaitingTests {
    /// What can be polled, and how.
    enum View: CaseIterable {
        case list, listDelta, bareList, own, messages, messagesDelta, one

        var path: String {
            switch self {
            case .list, .listDelta: WaitingBench.list
            case .bareList: WaitingBench.list + "?messages=0&limit=5"
            case .own: WaitingBench.list + "/alice"
            case .messages, .messagesDelta: WaitingBench.messages
            case .one: WaitingBench.one
            }
        }

        /// Whether it is polled by cursor.
        var isDelta: Bool { self == .listDelta || self == .messagesDelta || self == .bareList }
    }

    private func applied(_ response: Response?) -> String? { response?.value(of: "Preference-Applied") }

    private func interval(_ response: Response?) -> Int? {
        response?.value(of: "X-Poll-Interval").flatMap { Int($0) }
    }

    @Test("A poll with nothing new waits, and is answered with the news as any poll", arguments: View.allCases)
    func answered(view: View) async throws {
        let bench = try await WaitingBench()
        let poll = try await bench.idlePoll(view)
        let waiter = bench.start(poll)
        #expect(await waiter.wait()?.seconds == 30)
        try await bench.send()
        let response = try #require(await waiter.response())
        #expect(response.status == 200)
        #expect(text(response.body).contains("news") || view == .bareList)
        #expect(applied(response) == "wait=30")
        #expect(interval(response) == 0)
        let fresh = await bench.get(poll)
        #expect(fresh.body == response.body && fresh.fields == response.fields)
        #expect(waiter.wakes == 1)
    }

    @Test("A poll whose time is over is answered as if it had not waited", arguments: View.allCases)
    func timeOver(view: View) async throws {
        let bench = try await WaitingBench()
        let poll = try await bench.idlePoll(view)
        let atOnce = await bench.get(
            WaitingBench.poll(
                text(poll.target), tag: poll.fields[.ifNoneMatch].map { text($0) }, prefer: nil))
        let response = try #require(await bench.start(poll).end(.timeOver))
        #expect(response.status == (view.isDelta ? 200 : 304))
        #expect(text(response.body) == (view.isDelta ? "[]" : ""))
        for field in ["ETag", "X-Cursor", "Link", "Vary", "Cache-Control"] {
            #expect(response.value(of: field) == atOnce.value(of: field))
        }
        #expect(applied(response) == "wait=30" && interval(response) == 0)
        #expect(applied(atOnce) == nil && interval(atOnce) == 10)
    }

    @Test("A poll without a condition is answered at once, and told what would be applied", arguments: View.allCases)
    func unconditional(view: View) async throws {
        let bench = try await WaitingBench()
        let response = await bench.start(WaitingBench.poll(view.path)).response()
        #expect(response?.status == 200)
        #expect(applied(response) == "wait=30")
        #expect(interval(response) == 0)
    }

    @Test("A poll with news is answered at once", arguments: View.allCases)
    func news(view: View) async throws {
        let bench = try await WaitingBench()
        let poll = try await bench.idlePoll(view)
        try await bench.send()
        let response = await bench.start(poll).response()
        #expect(response?.status == 200)
        #expect(applied(response) == "wait=30" && interval(response) == 0)
    }

    @Test(
        "Without a wait that is valid a poll is answered at once, as ever",
        arguments: [nil, "wait=-1", "wait=soon", "wait", "respond-async", ""])
    func invalid(prefer: String?) async throws {
        let bench = try await WaitingBench()
        for view in View.allCases {
            let response = await bench.start(try await bench.idlePoll(view, prefer: prefer)).response()
            #expect(response?.hasNothingNew == true)
            #expect(applied(response) == nil && interval(response) == 10)
        }
    }

    @Test("HEAD never waits, and neither does an older page")
    func neverWaiting() async throws {
        let bench = try await WaitingBench()
        let tag = await bench.get(WaitingBench.poll(WaitingBench.messages)).value(of: "ETag")
        let head = await bench.start(WaitingBench.poll(WaitingBench.messages, tag: tag, method: .head)).response()
        let older = WaitingBench.messages + "?before=3&limit=1"
        let page = await bench.get(WaitingBench.poll(older)).value(of: "ETag")
        let again = await bench.start(WaitingBench.poll(older, tag: page)).response()
        #expect(head?.status == 304)
        #expect(applied(head) == nil && interval(head) == 10)
        #expect(again?.status == 304)
        #expect(applied(again) == "wait=30" && interval(again) == 10)
    }

    @Test("A wait of 0 is answered at once, and comes again after the ordinary interval")
    func zero() async throws {
        let bench = try await WaitingBench()
        let response = await bench.start(try await bench.idlePoll(.messages, prefer: "wait=0")).response()
        #expect(response?.status == 304)
        #expect(applied(response) == "wait=0" && interval(response) == 10)
    }

    @Test("A wait is at most the longest that the server lets polls wait", arguments: [59, 60, 61, 1_000_000_000])
    func longest(seconds: Int) async throws {
        let bench = try await WaitingBench()
        let waiter = try await bench.waiter(prefer: "wait=\(seconds)")
        #expect(await waiter.wait()?.seconds == Double(min(seconds, 60)))
        #expect(applied(await waiter.end(.timeOver)) == "wait=\(min(seconds, 60))")
    }

    @Test("Where waiting is off, a poll is answered at once, as ever")
    func off() async throws {
        let bench = try await WaitingBench { $0.longestWait = 0 }
        let response = await bench.start(try await bench.idlePoll(.messages)).response()
        #expect(response?.status == 304)
        #expect(applied(response) == nil && interval(response) == 10)
    }

    @Test("A read marker that the same user moves elsewhere is news", arguments: View.allCases)
    func readElsewhere(view: View) async throws {
        let bench = try await WaitingBench()
        try await bench.send()
        let waiter = try await bench.waiter(view)
        try await bench.read("alice")
        #expect(await waiter.response()?.status == 200)
    }

    @Test("That the other has read is news", arguments: View.allCases)
    func readByOther(view: View) async throws {
        let bench = try await WaitingBench()
        let waiter = try await bench.waiter(view)
        try await bench.read("bob")
        #expect(await waiter.response()?.status == 200)
    }

    @Test("A changed name is news where names show", arguments: View.allCases)
    func renamed(view: View) async throws {
        let bench = try await WaitingBench()
        let waiter = try await bench.waiter(view)
        try await bench.rename("bob", "Bob Best")
        let shows = view != .messages && view != .messagesDelta
        #expect(await (waiter.response() != nil) == shows)
    }

    @Test("What changes in another conversation wakes no poll of this one, but polls of the list")
    func otherConversation() async throws {
        let bench = try await WaitingBench()
        var waiters: [(View, WaitingExchange)] = []
        for view in View.allCases { waiters.append((view, try await bench.waiter(view))) }
        try await bench.send("carol", to: "other")
        for (view, waiter) in waiters {
            let isOfList = [.list, .listDelta, .bareList, .own].contains(view)
            #expect(await (waiter.response() != nil) == isOfList, "\(view)")
            #expect(waiter.wakes == (isOfList ? 1 : 0), "\(view)")
        }
    }

    @Test("A read marker that does not move wakes nobody")
    func noop() async throws {
        let bench = try await WaitingBench()
        try await bench.read("bob")
        let waiter = try await bench.waiter()
        try await bench.read("bob")
        #expect(await waiter.wait() != nil && waiter.wakes == 0)
    }

    @Test("All who wait in a group are answered after one message", .timeLimit(.minutes(10)))
    func group() async throws {
        let bench = try await WaitingBench()
        let people = (1...100).map { "person-\($0)" }
        let body = "{\"content\":\"Hello\",\"participantIds\":[\(people.map { "\"\($0)\"" }.joined(separator: ","))]}"
        let opened = await bench.get(
            request(
                .post, WaitingBench.list + "/group/messages", [(.userID, "alice"), (.contentType, "application/json")],
                body: Array(body.utf8)))
        try #require(opened.status == 201)
        var waiters: [WaitingExchange] = []
        for person in people {
            let path = WaitingBench.list + "/group/messages"
            let tag = await bench.get(WaitingBench.poll(path, as: person)).value(of: "ETag")
            waiters.append(bench.start(WaitingBench.poll(path, as: person, tag: tag)))
            #expect(await waiters.last?.wait() != nil)
        }
        #expect(bench.service.waitingPlaces.taken == 100)
        try await bench.send("alice", to: "group")
        for waiter in waiters { #expect(await waiter.response()?.status == 200) }
        waiters = []
        // The last of them may be about to end.
        while bench.service.waitingPlaces.taken > 0 { await Task.yield() }
    }

    @Test("In a group, a read marker that shows to nobody else wakes nobody else, and the next message everybody")
    func unseen() async throws {
        let bench = try await WaitingBench()
        let body = "{\"content\":\"Hello\",\"participantIds\":[\"bob\",\"carol\"]}"
        let path = WaitingBench.list + "/group/messages"
        let opened = await bench.get(
            request(
                .post, path, [(.userID, "alice"), (.contentType, "application/json")], body: Array(body.utf8)))
        try #require(opened.status == 201)
        func waiter(_ user: String, byCursor: Bool) async throws -> WaitingExchange {
            let known = await bench.get(WaitingBench.poll(path, as: user))
            let cursor = try #require(known.value(of: "X-Cursor"))
            return bench.start(
                byCursor
                    ? WaitingBench.poll(path + "?since=" + cursor, as: user)
                    : WaitingBench.poll(path, as: user, tag: known.value(of: "ETag")))
        }
        let waiters = [
            try await waiter("alice", byCursor: false), try await waiter("alice", byCursor: true),
            try await waiter("carol", byCursor: true),
        ]
        for waiter in waiters { try #require(await waiter.wait() != nil) }
        // Carol has not read yet, so alice's message is not read by all.
        try await bench.read("bob", "group")
        for waiter in waiters { #expect(await waiter.wait() != nil && waiter.wakes == 0) }
        // Now those others have read that carol does not count among: but she has written nothing that could show it.
        try await bench.read("alice", "group")
        #expect(await waiters[0].response()?.status == 200, "her own marker is part of what she sees")
        #expect(await waiters[2].wait() != nil)
        try await bench.send("bob", to: "group")
        for waiter in waiters.dropFirst() { #expect(text(await waiter.response()?.body ?? []).contains("news")) }
    }

    @Test("A poll of somebody who takes no part is refused at once")
    func stranger() async throws {
        let bench = try await WaitingBench()
        let poll = WaitingBench.poll(WaitingBench.messages, as: "carol", tag: "*")
        #expect(await bench.start(poll).response()?.status == 404)
    }

    @Test(
        "A condition that everything meets has no news ever: its poll waits until its time is over",
        arguments: View.allCases)
    func anyTag(view: View) async throws {
        let bench = try await WaitingBench()
        _ = await bench.get(WaitingBench.poll(view.path))
        let waiter = bench.start(WaitingBench.poll(view.path, tag: "*"))
        #expect(await waiter.wait() != nil)
        try await bench.send()
        #expect(await waiter.wait() != nil)
        let response = await waiter.end(.timeOver)
        #expect(response?.status == 304 && interval(response) == 0)
        // What is not in memory is read, and then waits too.
        let cold = WaitingExchange(WaitingBench.poll(view.path, tag: "*"), by: bench.restarted())
        #expect(await cold.wait() != nil)
        #expect(await cold.end(.timeOver)?.status == 304)
    }

    @Test(
        "A poll by cursor that brings the tag of its answer along waits for the next one",
        arguments: [View.listDelta, .messagesDelta])
    func cursorAndTag(view: View) async throws {
        let bench = try await WaitingBench()
        let since = text(try await bench.idlePoll(view).target)
        try await bench.send()
        let tag = await bench.get(WaitingBench.poll(since)).value(of: "ETag")
        let waiter = bench.start(WaitingBench.poll(since, tag: tag))
        #expect(await waiter.wait() != nil)
        try await bench.send()
        #expect(await waiter.response()?.status == 200)
    }
}
