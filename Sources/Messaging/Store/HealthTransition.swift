/// The operations on files that can fail separately; the list is closed.
public enum StoreOperation: String, CaseIterable, Sendable {
    case read, write
    /// Copying the write-ahead log into the database: while that fails, writes go on and the log grows.
    case checkpoint
}

/// A change of a store operation's health: it begins to fail, fails for another reason, or works again.
public struct HealthTransition: Sendable, Equatable {
    /// The operation.
    public let operation: StoreOperation
    /// Why it fails; nil where it works again.
    public let fault: StoreFault?
    /// The cause in the words of the code that found it; empty where it works again.
    public let cause: String
    /// For how many seconds it had failed.
    public let seconds: Double

    /// Creates a health transition.
    public init(operation: StoreOperation, fault: StoreFault?, cause: String, seconds: Double) {
        self.operation = operation
        self.fault = fault
        self.cause = cause
        self.seconds = seconds
    }
}
