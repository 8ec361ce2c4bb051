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
    private let service: MessagingService
    let answers: Bounds
    private let clock: Clock
    /// Whether memory has so little room that polls which wait may be sent away.
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

    /// - Parameter isDeaf: whether the index never learns of a commit, as if each had only just happened.
    init(
        home: StoreHome, indexCapacity: Int, clock: Clock, bounds: StoreBounds = StoreBounds(),
        answers: Bounds = Bounds(), isDeaf: Bool = false
    ) throws {
        self.home = home
        let index = FreshnessIndex(capacity: indexCapacity)
        store = try home.open(observer: isDeaf ? nil : SlowObserver(index: index), bounds: bounds)
        service = Self.service(SlowStore(store: store), index, clock, answers)
        self.answers = answers
        self.clock = clock
        isForgetful = indexCapacity < 100
    }

    /// Answers as the server does: from memory, or else from the store.
    func answer(_ request: TestRequest) async -> Answer {
        await Self.answer(request, service)
    }

    /// Begins to answer a poll that may wait.
    func start(_ request: TestRequest) -> WaitingExchange { WaitingExchange(request.forService, by: service) }

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
