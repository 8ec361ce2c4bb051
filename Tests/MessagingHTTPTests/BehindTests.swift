import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("A node among others")
struct BehindTests {
    private static let messages = "/api/messages/conversations/conv-456/messages"
    private static let list = "/api/messages/conversations"

    /// A node: its memory, and a clock that the test moves, with D of 30 nanoseconds.
    private final class Node: Sendable {
        let index = FreshnessIndex(capacity: 10)
        let clock: FeedClock
        let store: MemoryStore
        let service: MessagingService
        let moment: Moment

        init(lastN: Int64 = 1) {
            let moment = Moment()
            clock = FeedClock(
                bound: 30, now: { moment.now }, wanted: { moment.noteWanted() },
                pause: { try? await Task.sleep(for: $0) })
            self.moment = moment
            store = MemoryStore(
                conversation(lastN: lastN, (alice, 0), (bob, 0)),
                messages: (1...lastN).map { message($0) }, feedClock: clock)
            var settings = ServiceSettings()
            settings.longestWait = 30
            service = MessagingService(
                store: store, index: index, identity: DemoIdentity(), settings: settings,
                environment: ServiceEnvironment(
                    now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") },
                    log: { _ in }))
            clock.leaseGranted(from: 100, until: 1_000_000)
            moment.set(1000)
            clock.looked(from: 999)
        }

        /// Lets so much time pass that memory may not answer.
        func fallBehind() { moment.set(moment.now + 1000) }

        /// Ends a complete look that begins now.
        func look() {
            moment.set(moment.now + 1)
            clock.looked(from: moment.now)
        }

        /// Tells memory of message 2.
        func hear() {
            index.committed([
                Commit(
                    tenant: .none, conversation: conversation(lastN: 2, (alice, 0), (bob, 0)),
                    listChanges: [.init(user: alice, change: 4), .init(user: bob, change: 4)], message: message(2))
            ])
        }
    }

    private final class Moment: Sendable {
        private let time = Atomic<Int64>(0)
        private let calls = Atomic<Int>(0)

        var now: Int64 { time.load(ordering: .sequentiallyConsistent) }
        var wanted: Int { calls.load(ordering: .sequentiallyConsistent) }

        func set(_ moment: Int64) { time.store(moment, ordering: .sequentiallyConsistent) }
        func noteWanted() { calls.add(1, ordering: .sequentiallyConsistent) }
    }

    private func poll(_ url: String = Self.messages, tag: String? = nil, prefer: String? = nil) -> Request {
        var fields: [(RequestField, String)] = [(.userID, "alice")]
        if let tag { fields.append((.ifNoneMatch, tag)) }
        if let prefer { fields.append((.prefer, prefer)) }
        return request(.get, url, fields)
    }

    /// The tag of what a node shows, once its memory has it.
    private func tag(at node: Node, _ url: String = Self.messages) async throws -> String {
        let first = await node.service.answer(poll(url))
        let tag = try #require(first.value(of: "ETag"))
        #expect(await node.service.answer(poll(url, tag: tag)).status == 304)
        return tag
    }

    /// Begins a poll that is expected to wait for a look, and returns once it does.
    private func begin(_ poll: Request, at node: Node) async -> Task<Response, Never> {
        let before = node.moment.wanted
        let task = Task { await node.service.answer(poll) }
        while node.moment.wanted == before { await Task.yield() }
        return task
    }

    @Test(
        "An idle poll at a node that is behind is answered after the next look, without the store",
        arguments: [messages, list])
    func behind(url: String) async throws {
        let node = Node()
        let tag = try await tag(at: node, url)
        let reads = node.store.reads
        #expect(node.service.begin(poll(url, tag: tag)).response?.status == 304, "from memory, at once")
        node.fallBehind()
        let answer = await begin(poll(url, tag: tag), at: node)
        node.look()
        #expect(await answer.value.status == 304)
        #expect(node.store.reads == reads)
    }

    @Test("A change that the next look brings is in the answer of whoever waited for it")
    func broughtByLook() async throws {
        let node = Node()
        let tag = try await tag(at: node)
        node.fallBehind()
        let answer = await begin(poll(tag: tag), at: node)
        node.hear()
        node.look()
        let response = await answer.value
        #expect(response.status == 200 && text(response.body).contains("conv-456:2"))
    }

    @Test("Without a look for a second a poll is answered 503 with Retry-After, and the store is not read")
    func noLook() async throws {
        let node = Node()
        let tag = try await tag(at: node)
        let reads = node.store.reads
        node.fallBehind()
        async let idle = node.service.answer(poll(tag: tag))
        async let plain = node.service.answer(poll())
        async let list = node.service.answer(poll(Self.list))
        for response in await [idle, plain, list] {
            #expect(response.status == 503 && response.value(of: "Retry-After") == "1")
            #expect(text(response.body).contains("behind"))
        }
        #expect(node.store.reads == reads)
    }

    @Test("Writes go on at a node that is behind")
    func writes() async {
        let node = Node()
        node.fallBehind()
        let send = request(
            .post, Self.messages, [(.userID, "alice"), (.contentType, "text/plain")], body: Array("Hi".utf8))
        #expect(await node.service.answer(send).status == 201)
        #expect(
            await node.service.answer(request(.put, "\(Self.list)/conv-456/read", [(.userID, "alice")])).status == 200)
    }

    @Test("Where a client brings a tag of a newer state from another node, it is not given an older page")
    func tagAhead() async throws {
        let (node, other) = (Node(), Node(lastN: 2))
        _ = try await tag(at: node)
        let newer = try await tag(at: other)
        let answer = await begin(poll(tag: newer), at: node)
        node.hear()
        node.look()
        #expect(await answer.value.status == 304)
    }

    @Test("A look that began before the request came does not do for a client that may be ahead")
    func lookBefore() async throws {
        let (node, other) = (Node(), Node(lastN: 2))
        _ = try await tag(at: node)
        let newer = try await tag(at: other)
        let start = node.moment.now
        let answer = await begin(poll(tag: newer), at: node)
        node.clock.looked(from: start)
        #expect(node.clock.needsLooks)
        node.hear()
        node.look()
        #expect(await answer.value.status == 304)
    }

    @Test("A cursor of a newer state from another node is answered after a look; one that is still ahead is expired")
    func cursorAhead() async throws {
        let (node, other) = (Node(), Node(lastN: 2))
        _ = try await tag(at: node)
        let cursor = try #require(await other.service.answer(poll()).value(of: "X-Cursor"))
        let answer = await begin(poll("\(Self.messages)?since=\(cursor)"), at: node)
        node.hear()
        node.look()
        #expect(await text(answer.value.body) == "[]")
        let still = Node()
        _ = try await tag(at: still)
        let refused = await begin(poll("\(Self.messages)?since=\(cursor)"), at: still)
        still.look()
        #expect(await refused.value.status == 410)
    }

    @Test("A cursor that memory covers is answered at once")
    func cursorCovered() async throws {
        let node = Node()
        let cursor = try #require(await node.service.answer(poll()).value(of: "X-Cursor"))
        _ = try await tag(at: node)
        node.hear()
        let response = node.service.begin(poll("\(Self.messages)?since=\(cursor)")).response
        #expect(response.map { text($0.body).contains("conv-456:2") } == true)
    }

    @Test("A stranger is answered as where there is no such conversation, whatever tag they bring")
    func stranger() async throws {
        let node = Node()
        _ = try await tag(at: node)
        func answer(_ id: String) async -> Response {
            await node.service.answer(
                request(.get, "\(Self.list)/\(id)/messages", [(.userID, "carol"), (.ifNoneMatch, "\"x\"")]))
        }
        let (theirs, nobodys) = (await answer("conv-456"), await answer("nothing"))
        #expect(theirs.status == 404 && theirs.body == nobodys.body)
    }

    @Test("A poll that has waited in vain at a node that is behind is answered after the next look")
    func waitedInVain() async throws {
        let node = Node()
        let tag = try await tag(at: node)
        func end() async -> Task<Response?, Never> {
            let waiting = WaitingExchange(poll(tag: tag, prefer: "wait=30"), by: node.service)
            #expect(await waiting.wait() != nil)
            node.fallBehind()
            let before = node.moment.wanted
            let ended = Task { await waiting.end(.timeOver) }
            while node.moment.wanted == before { await Task.yield() }
            return ended
        }
        let first = await end()
        node.look()
        #expect(await first.value?.status == 304)
        let second = await end()
        node.hear()
        node.look()
        #expect(await second.value?.status == 200)
    }

    @Test("A poll that has waited in vain is answered 503 where no look ends for a second")
    func waitedInVainBehind() async throws {
        let node = Node()
        let waiting = WaitingExchange(poll(tag: try await tag(at: node), prefer: "wait=30"), by: node.service)
        #expect(await waiting.wait() != nil)
        node.fallBehind()
        let start = ContinuousClock.now
        let response = await waiting.end(.timeOver)
        #expect(response?.status == 503 && response?.value(of: "Retry-After") == "1")
        #expect(ContinuousClock.now - start >= .milliseconds(900))
    }

    @Test("A poll that waits is woken by what a look brings, and not told that nothing is new by a node that is behind")
    func waiting() async throws {
        let node = Node()
        let tag = try await tag(at: node)
        let woken = WaitingExchange(poll(tag: tag, prefer: "wait=30"), by: node.service)
        let late = WaitingExchange(
            poll(Self.list, tag: try await self.tag(at: node, Self.list), prefer: "wait=30"), by: node.service)
        #expect(await late.wait() != nil)
        #expect(await woken.wait() != nil)
        #expect(node.clock.needsLooks)
        node.fallBehind()
        #expect(await late.end(.stopping)?.status == 503)
        let before = node.moment.wanted
        node.hear()
        while node.moment.wanted == before { await Task.yield() }
        node.look()
        #expect(await woken.response()?.status == 200)
        node.fallBehind()
        node.moment.set(node.moment.now + 2_000_000_000)
        #expect(!node.clock.needsLooks, "nobody waits any more")
    }
}

private func message(_ n: Int64) -> Message {
    Message(n: n, sender: bob, content: "\(n)", sentAt: noon, clientMessageID: nil)
}
