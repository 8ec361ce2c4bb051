import Messaging

/// Something that worked has begun to fail, fails for another reason than before, or works again.
package struct HealthTransition: Sendable, Equatable {
    /// What it is about.
    package let operation: StoreOperation
    /// Why it fails; nil where it works again.
    package let fault: StoreFault?
    /// The failure in the words of whoever found it; empty where it works again.
    package let cause: String
    /// For how many seconds it had failed.
    package let seconds: Double
}
