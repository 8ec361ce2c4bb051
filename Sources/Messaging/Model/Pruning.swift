/// The pruned messages of a conversation.
package struct Pruning: Sendable, Equatable {
    /// The number of the last message that is gone; 0 where all are there.
    package let upTo: Int64
    /// The moment before which messages were pruned; nil where none were or that is not known.
    package let before: Timestamp?

    /// Nothing was pruned.
    package static let none = Pruning(upTo: 0, before: nil)

    package init(upTo: Int64, before: Timestamp?) {
        self.upTo = upTo
        self.before = before
    }
}
