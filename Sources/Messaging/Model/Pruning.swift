/// The pruned messages of a conversation.
public struct Pruning: Sendable, Equatable {
    /// The number of the last message that is gone; 0 where all are there.
    public let upTo: Int64
    /// The moment before which messages were pruned; nil where none were or that is not known.
    public let before: Timestamp?

    /// Nothing was pruned.
    public static let none = Pruning(upTo: 0, before: nil)

    /// Creates a pruning.
    public init(upTo: Int64, before: Timestamp?) {
        self.upTo = upTo
        self.before = before
    }
}
