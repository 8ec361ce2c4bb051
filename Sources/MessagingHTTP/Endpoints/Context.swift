import Messaging

/// The dependencies of the endpoints. A class, because waiting calls keep a reference.
final class Context: Sendable {
    let store: any MessageStore
    let index: FreshnessIndex
    /// Says whether the index may answer.
    let feedClock: FeedClock
    let settings: ServiceSettings
    let environment: ServiceEnvironment
    let openings: RateLimiter<Caller>
    let limitedPeople: LimitedPeople
    let notModifiedCache: NotModifiedCache
    let listSnapshots: ListSnapshots
    let answerMemory: AnswerMemory
    let deliveries: DeliveryClock?
    let waitingPlaces: WaitingPlaces
    let pollPace: PollPace

    init(
        store: any MessageStore, index: FreshnessIndex, settings: ServiceSettings, environment: ServiceEnvironment,
        deliveries: DeliveryClock?
    ) {
        self.store = store
        self.index = index
        feedClock = store.feedClock
        self.settings = settings
        self.environment = environment
        self.deliveries = deliveries
        limitedPeople = LimitedPeople()
        openings = RateLimiter(
            settings.limits.openings, capacity: settings.limits.capacity, whenRefused: limitedPeople.see)
        notModifiedCache = NotModifiedCache(mostBytes: settings.notModifiedBytes)
        listSnapshots = ListSnapshots(mostBytes: settings.listSnapshotBytes)
        answerMemory = AnswerMemory(limit: settings.mostAnswerMemory)
        waitingPlaces = WaitingPlaces(limitOfEach: settings.mostWaitingOfEach, limit: settings.mostWaiting)
        pollPace = PollPace(ordinary: settings.pollInterval)
        index.observeRemovals { [listSnapshots] in listSnapshots.drop(before: $0) }
    }

    /// The bounds of a page with this limit.
    func bounds(limit: Int, kept: PageBounds.End) -> PageBounds {
        PageBounds(count: limit, bytes: settings.mostAnswerBytes, kept: kept)
    }

    /// Refuses to read for an answer that would not fit into memory. A client that has something already may still be answered that it
    /// has not changed.
    ///
    /// - Throws: `overloaded`.
    func checkMemory(for call: Call) throws(Problem) {
        guard call.wantsBody, call.request.fields[.ifNoneMatch] == nil else { return }
        try answerMemory.check(for: call.caller)
    }
}
