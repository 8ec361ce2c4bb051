import Messaging

/// The dependencies of the endpoints.
struct Context: Sendable {
    let store: any MessageStore
    let index: FreshnessIndex
    let settings: ServiceSettings
    let environment: ServiceEnvironment
    let openings: RateLimiter<Caller>
    let notModifiedCache: NotModifiedCache
    let answerMemory: AnswerMemory
    let deliveries: DeliveryClock?

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
