/// Something an operator must know and a caller must not.
package struct ServiceEvent: Sendable, Equatable {
    /// What happened, always in the same words.
    package let name: String
    /// Why, in the words of whoever found out.
    package let cause: String
    /// The request it happened to, where it is one.
    package let requestID: String?
}
