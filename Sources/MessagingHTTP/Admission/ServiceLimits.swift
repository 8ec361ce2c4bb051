import Messaging

/// How often whom may do what.
package struct ServiceLimits: Sendable {
    /// For each user: messages sent and read markers moved.
    package var sends = RateLimit(name: "sends", perSecond: 5, burst: 30)
    /// For each user: polls. Twenty tabs that poll both endpoints every ten seconds make four a second.
    package var polls = RateLimit(name: "polls", perSecond: 20, burst: 200)
    /// For each user: conversations opened, where a group counts for more than one.
    package var openings = RateLimit(name: "openings", perSecond: 0.2, burst: 60)
    /// For each address: documents that anybody may fetch, the description and the page, which are 50 to 70 KB each.
    package var documents = RateLimit(name: "documents", perSecond: 1, burst: 60)
    /// For each address: failed attempts to say who one is.
    package var failures = RateLimit(name: "failures", perSecond: 2, burst: 60)
    /// The addresses whose failures are not counted, because many people come through them.
    package var trustedProxies = AddressRanges.loopback
    /// How many users, and how many addresses, to count for at a time.
    package var capacity = 200_000

    package init() {}
}
