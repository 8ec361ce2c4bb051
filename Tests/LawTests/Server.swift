import Messaging
import MessagingHTTP
import StoreTestSupport
import StoreWork
import Synchronization
import TestSupport

/// The whole server but for its sockets: a real store, a real index, the real service.
struct Server: Sendable {
    let store: any Store
    private let home: StoreHome
    private let services: [MessagingService]
    private let nodes: [Node]
    let answers: Bounds
    private let clock: Clock
    /// Whether memory has so little room, or is emptied so often, that polls which wait may be sent away.
    let isForgetful: Bool

    /// Counts instead of telling the time, over restarts too, so that a seed says all.
    final class Clock: Sendable {
        private let count = Atomic<Int64>(0)

        func tick() -> Int64 { count.add(1, ordering: .relaxed).newValue }
    }

    /// How large answers and the messages embedded in entries may be, in bytes.
    struct Bounds: Sendable {
        var answer = ServiceSettings().mostAnswerBytes
        var embedded = ServiceSettings().mostEmbeddedBytes

        /// Whether an answer may end before it has as many entries as were asked for.
        var mayCut: Bool { answer < ServiceSettings().mostAnswerBytes }
    }

    /// - Parameters:
    ///   - isDeaf: whether the index never learns of a commit, as if each had only just happened.
    ///   - nodes: how many nodes share the store; 1 for the store's only one, which knows of each commit before its sender is answered.
    ///   - fault: what the nodes do wrong.
    init(
        home: StoreHome, indexCapacity: Int, clock: Clock, bounds: StoreBounds = StoreBounds(),
        answers: Bounds = Bounds(), isDeaf: Bool = false, nodes count: Int = 1, fault: NodeFault? = nil
    ) throws {
        self.home = home
        if count == 1 {
            let index = FreshnessIndex(capacity: indexCapacity)
            store = try home.open(observer: isDeaf ? nil : SlowObserver(index: index), bounds: bounds)
            nodes = []
            services = [Self.service(SlowStore(store: store), index, clock, answers)]
        } else {
            let feed = SharedFeed(seed: UInt64(clock.tick()), isOrdered: fault != .rowsOutOfOrder)
            let store = try home.open(observer: feed, bounds: bounds)
            let writes = SharedWrites(feed, delay: fault == .noDelay ? 0 : Node.bound, now: clock.tick)
            nodes = (0..<count).map { number in
                Node(
                    store: store, feed: feed, writes: writes, indexCapacity: indexCapacity, seed: UInt64(number),
                    fault: fault, tick: clock.tick)
            }
            self.store = store
            services = nodes.map { Self.service($0.store, $0.index, clock, answers) }
        }
        self.answers = answers
        self.clock = clock
        isForgetful = indexCapacity < 100 || count > 1
    }

    /// Answers as the server does: from memory, or else from the store. Each request goes to another node, and to yet another where one is
    /// behind.
    func answer(_ request: TestRequest) async -> Answer {
        while true {
            let answer = await Self.answer(request, services[.random(in: services.indices)])
            if !isBehind(answer) { return answer }
        }
    }

    /// Whether several nodes share the store.
    var hasNodes: Bool { !nodes.isEmpty }

    /// Whether a node has refused to answer because it is behind.
    func isBehind(_ answer: Answer) -> Bool { hasNodes && answer.status == 503 }

    /// Begins to answer a poll that may wait.
    func start(_ request: TestRequest) -> WaitingExchange {
        WaitingExchange(request.forService, by: services[.random(in: services.indices)])
    }

    /// Waits until the memory of each node has all that was answered before.
    func catchUp() async {
        for node in nodes { await node.catchUp() }
    }

    /// Renames a user, as a gateway does that knows names.
    func setPerson(_ person: Person) async throws(MessagingError) {
        guard let node = nodes.first else { return try await store.setPerson(person, tenant: .none) }
        try await node.store.setPerson(person, tenant: .none)
    }

    /// Closes the store, and ends the nodes' looks at it.
    func close() {
        for node in nodes { node.stop() }
        store.close()
    }

    /// Answers as a server would that has just started, and so has nothing in memory that could be stale.
    func freshAnswer(_ request: TestRequest) async -> Answer {
        await Self.answer(request, Self.service(store, FreshnessIndex(capacity: 10), clock, answers))
    }

    private static func answer(_ request: TestRequest, _ service: MessagingService) async -> Answer {
        Answer(await service.answer(request.forService), to: request)
    }

    private static func service(
        _ store: any MessageStore, _ index: FreshnessIndex, _ clock: Clock, _ answers: Bounds
    ) -> MessagingService {
        var settings = ServiceSettings()
        settings.mostAnswerBytes = answers.answer
        settings.mostEmbeddedBytes = answers.embedded
        settings.limits.sends = RateLimit(name: "sends", perSecond: 0, burst: 1)
        settings.limits.openings = RateLimit(name: "openings", perSecond: 0, burst: 1)
        settings.limits.polls = RateLimit(name: "polls", perSecond: 0, burst: 1)
        return MessagingService(
            store: store, index: index, identity: DemoIdentity(), settings: settings,
            environment: ServiceEnvironment(
                now: { Timestamp(milliseconds: clock.tick()) }, ticks: { 0 },
                makeConversationID: { ConversationID(trusted: "direct-\(clock.tick())") }, log: { _ in }))
    }
}
