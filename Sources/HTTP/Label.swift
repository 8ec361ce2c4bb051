/// How a response is counted and logged; decided when the response is made, so that giving it again costs nothing more.
///
/// The server counts by two small numbers. The handler knows what they mean.
public struct Label: Sendable, Equatable {
    /// How many endpoints can be counted apart.
    @inlinable public static var endpointLimit: Int { 8 }
    /// How many outcomes can be counted apart at each endpoint.
    @inlinable public static var outcomeLimit: Int { 40 }

    /// Which endpoint answered: 0 up to ``endpointLimit``, exclusive.
    public let endpointIndex: Int
    /// What came of the request: 0 up to ``outcomeLimit``, exclusive.
    public let outcomeIndex: Int
    /// Stands for who asked, the same in every process; 0 where that is not known.
    public let viewer: UInt64
    /// Whether the response answers a poll of a known viewer.
    public let isPoll: Bool

    /// The label of a response for which none was made: endpoint 0, outcome 0, and no viewer.
    public static let unlabelled = Label(endpointIndex: 0, outcomeIndex: 0)

    /// - Precondition: both indices are below their limits.
    public init(endpointIndex: Int, outcomeIndex: Int, viewer: UInt64 = 0, isPoll: Bool = false) {
        precondition((0..<Self.endpointLimit).contains(endpointIndex) && (0..<Self.outcomeLimit).contains(outcomeIndex))
        self.endpointIndex = endpointIndex
        self.outcomeIndex = outcomeIndex
        self.viewer = viewer
        self.isPoll = isPoll
    }
}
