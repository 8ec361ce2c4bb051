import Messaging

/// Something that worked has begun to fail, fails for another reason than before, or works again.
public struct HealthTransition: Sendable, Equatable {
    /// What it is about.
    public let operation: StoreOperation
    /// Why it fails; nil where it works again.
    public let fault: StoreFault?
    /// The failure in the words of whoever found it; empty where it works again.
    public let cause: String
    /// For how many seconds it had failed.
    public let seconds: Double
}
