/// Something an operator must know and a caller must not.
public struct ServiceEvent: Sendable, Equatable {
    /// What happened, always in the same words.
    public let name: String
    /// Why, in the words of whoever found out.
    public let cause: String
    /// The request it happened to, where it is one.
    public let requestID: String?
}
