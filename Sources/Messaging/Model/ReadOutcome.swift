/// Where a read marker stands after a request to move it.
public struct ReadOutcome: Sendable, Equatable {
    /// The number of the last message read.
    public let readUpTo: Int64
    /// How many messages by others come after it.
    public let unread: Int64

    /// Puts an outcome together.
    public init(readUpTo: Int64, unread: Int64) {
        self.readUpTo = readUpTo
        self.unread = unread
    }
}
