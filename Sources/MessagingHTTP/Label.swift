import Messaging

/// What is counted and logged of a response, decided when it is made, so that giving a kept one again costs nothing more.
public struct Label: Sendable, Equatable {
    /// What the request was for.
    public let endpoint: Endpoint
    /// What came of it.
    public let outcome: Outcome
    /// Stands for who asked, the same in every process; 0 where that is not known.
    public let viewer: UInt64
    /// Its place among ``count``, by endpoint and outcome.
    public let index: Int

    /// How many different places there are.
    public static let count = Endpoint.allCases.count * Outcome.allCases.count

    /// Neither an endpoint nor anybody known.
    public static let other = Label(.other, .done)

    /// Puts a label together.
    init(_ endpoint: Endpoint, _ outcome: Outcome, by caller: Caller? = nil) {
        self.endpoint = endpoint
        self.outcome = outcome
        index = Label.index(endpoint, outcome)
        viewer = caller.map(Self.viewer) ?? 0
    }

    /// Whether somebody has polled and been answered.
    public var isPoll: Bool { viewer != 0 && endpoint.rawValue <= Endpoint.messages.rawValue }

    /// The place of an endpoint and an outcome.
    public static func index(_ endpoint: Endpoint, _ outcome: Outcome) -> Int {
        Int(endpoint.rawValue) * Outcome.allCases.count + outcome.index
    }

    private static func viewer(_ caller: Caller) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.combine(caller)
        return fingerprint.mixed
    }
}
