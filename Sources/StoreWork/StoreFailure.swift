import Messaging

/// An operation that failed as a whole: what kind of fault that is, and the words for the log.
package struct StoreFailure: Error {
    /// The kind of fault.
    package let fault: StoreFault
    /// What happened, in the words of the code that found it; for the log only.
    package let cause: String

    /// Creates a failure.
    package init(_ fault: StoreFault, _ cause: String = "") {
        self.fault = fault
        self.cause = cause
    }
}
