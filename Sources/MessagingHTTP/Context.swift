import Messaging

/// What the endpoints work with.
struct Context: Sendable {
    let store: any MessageStore
    let index: FreshnessIndex
    let settings: ServiceSettings
    let surroundings: Surroundings
    let openings: RateLimiter<Caller>
    let idlePolls: IdlePolls
    let deliveries: DeliveryClock?
}
