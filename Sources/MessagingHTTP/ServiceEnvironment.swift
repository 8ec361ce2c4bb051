import Messaging

/// What the service needs from its environment, passed in so that it reads no clock and makes no random numbers itself; any thread may call any.
public struct ServiceEnvironment: Sendable {
    /// The wall clock.
    public let now: @Sendable () -> Timestamp
    /// Nanoseconds of a monotonic clock.
    public let ticks: @Sendable () -> Int64
    /// Makes ids that were never used before.
    public let makeConversationID: @Sendable () -> ConversationID
    /// Makes unpredictable numbers.
    public let random: @Sendable () -> UInt64
    /// Whether every event loop of the server is responsive.
    public let loopsResponsive: @Sendable () -> Bool
    /// Logs what an operator must know and a caller must not.
    public let log: @Sendable (ServiceEvent) -> Void
    /// Takes an origin whose pages were refused, once an hour.
    public let originRefused: @Sendable (RefusedOrigin) -> Void

    /// Creates a service environment.
    public init(
        now: @escaping @Sendable () -> Timestamp, ticks: @escaping @Sendable () -> Int64,
        makeConversationID: @escaping @Sendable () -> ConversationID,
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) },
        loopsResponsive: @escaping @Sendable () -> Bool = { true }, log: @escaping @Sendable (ServiceEvent) -> Void,
        originRefused: @escaping @Sendable (RefusedOrigin) -> Void = { _ in }
    ) {
        self.now = now
        self.ticks = ticks
        self.makeConversationID = makeConversationID
        self.random = random
        self.loopsResponsive = loopsResponsive
        self.log = log
        self.originRefused = originRefused
    }
}

/// Something an operator must know and a caller must not.
public struct ServiceEvent: Sendable, Equatable {
    /// What happened, always in the same words.
    public let name: String
    /// The cause, in the words of the code that found it.
    public let cause: String
    /// The request it happened to, where it is one.
    public let requestID: String?
}
