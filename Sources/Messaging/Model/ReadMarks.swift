/// The numbers that a viewer's answer about a conversation depends on, besides the messages themselves.
package struct ReadMarks: Hashable, Sendable {
    /// The number of the latest message; 0 before the first.
    package var latest: Int64
    /// The number up to which every other participant has read.
    package var othersReadUpTo: Int64
    /// The number up to which the viewer has read.
    package var viewerReadUpTo: Int64

    package init(latest: Int64, othersReadUpTo: Int64, viewerReadUpTo: Int64) {
        self.latest = latest
        self.othersReadUpTo = othersReadUpTo
        self.viewerReadUpTo = viewerReadUpTo
    }

    /// Whether the viewer sees message `n` as read: by all others if they wrote it, by themselves if not.
    package func isRead(_ n: Int64, writtenByViewer: Bool) -> Bool {
        n <= (writtenByViewer ? othersReadUpTo : viewerReadUpTo)
    }
}

/// The position of a read marker after a request to move it.
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
