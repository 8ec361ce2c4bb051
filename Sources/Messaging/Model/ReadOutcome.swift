/// Where a read marker stands after a request to move it.
package struct ReadOutcome: Sendable, Equatable {
    /// The number of the last message read.
    package let readUpTo: Int64
    /// How many messages by others come after it.
    package let unread: Int64

    package init(readUpTo: Int64, unread: Int64) {
        self.readUpTo = readUpTo
        self.unread = unread
    }
}
