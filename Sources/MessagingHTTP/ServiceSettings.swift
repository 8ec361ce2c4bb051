import Messaging

/// The settings of the contract.
public struct ServiceSettings: Sendable {
    /// The most content a message may have, in bytes of UTF-8.
    public var contentLimit: Int
    /// Whether users may open conversations by sending a first message.
    public var usersMayOpen: Bool
    /// Rate limits per caller, and the bounds of what is counted.
    public var limits: ServiceLimits
    /// Which other origins' pages may use the service.
    public var cors: CORSPolicy
    /// The most bytes of a page, unless one entry has more.
    public var mostAnswerBytes = 1 << 20
    /// The most bytes of content of the messages that an entry of a list embeds, unless one message has more.
    public var mostEmbeddedBytes = 64 << 10
    /// The most bytes of answers that are made and not yet sent.
    public var mostAnswerMemory = 256 << 20
    /// Whether bodies are compressed for clients that accept it.
    public var compresses = true
    /// The most bytes of answers to idle polls that are kept ready, about; most take 1.6 KB each.
    public var notModifiedBytes = 13 << 20
    /// The most bytes of lists that are kept without their messages, about; one of 20 conversations takes 12 KB,
    /// and some 20 KB more compressed.
    public var listSnapshotBytes = 8 << 20
    /// How long clients are asked to wait between polls while the load allows it, in seconds, 1–3600.
    public var pollInterval: Int
    /// The longest that a poll may wait for a change, in seconds; 0 turns waiting off.
    public var longestWait = 60
    /// The most polls of one caller that wait.
    public var mostWaitingOfEach = 20
    /// The most polls that wait.
    public var mostWaiting = 16_000

    /// The defaults of the contract.
    public init(
        contentLimit: Int = MessageContent.defaultLimit, usersMayOpen: Bool = true,
        limits: ServiceLimits = ServiceLimits(), cors: CORSPolicy = CORSPolicy(origins: []), pollInterval: Int = 10
    ) {
        self.contentLimit = contentLimit
        self.usersMayOpen = usersMayOpen
        self.limits = limits
        self.cors = cors
        self.pollInterval = pollInterval
    }
}

/// Rate limits per caller, and the bounds of what is counted.
public struct ServiceLimits: Sendable {
    /// For each user: messages sent and read markers moved.
    public var sends = RateLimit(name: "sends", perSecond: 5, burst: 30)
    /// For each user: polls. Twenty tabs that poll both endpoints every ten seconds make four a second.
    public var polls = RateLimit(name: "polls", perSecond: 20, burst: 200)
    /// For each user: conversations opened, where a group counts for more than one.
    public var openings = RateLimit(name: "openings", perSecond: 0.2, burst: 60)
    /// For each address: documents that need no identity, the description and the page, which are 50 to 70 KB each.
    public var documents = RateLimit(name: "documents", perSecond: 1, burst: 60)
    /// For each address: failed attempts to say who one is.
    public var failures = RateLimit(name: "failures", perSecond: 2, burst: 60)
    /// The addresses whose failures are not counted, because many people come through them.
    public var trustedProxies = AddressRanges.loopback
    /// How many users, and how many addresses, to count for at a time.
    public var capacity = 200_000

    /// Creates service limits.
    public init() {}
}
