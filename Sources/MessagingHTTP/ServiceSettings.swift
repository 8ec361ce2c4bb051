import Messaging

/// What an operator can set about the contract.
public struct ServiceSettings: Sendable {
    /// The most content a message may have, in bytes of UTF-8.
    public var contentLimit: Int
    /// Whether users may open conversations by sending a first message.
    public var usersMayOpen: Bool
    /// How often whom may do what.
    public var limits: ServiceLimits
    /// Which other origins' pages may use the service.
    public var cors: CORSPolicy
    /// How many answers to idle polls to keep ready, some 2 KB each.
    public var idlePollCapacity = 8192
    /// How long clients are asked to wait between polls, in seconds.
    public var pollInterval: Int

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
