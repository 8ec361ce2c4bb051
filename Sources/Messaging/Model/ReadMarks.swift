/// The numbers that a viewer's answer about a conversation depends on, besides the messages themselves.
public struct ReadMarks: Hashable, Sendable {
    /// The number of the latest message; 0 before the first.
    public var latest: Int64
    /// The number up to which every other participant has read.
    public var othersReadUpTo: Int64
    /// The number up to which the viewer has read.
    public var viewerReadUpTo: Int64

    /// Creates read marks.
    public init(latest: Int64, othersReadUpTo: Int64, viewerReadUpTo: Int64) {
        self.latest = latest
        self.othersReadUpTo = othersReadUpTo
        self.viewerReadUpTo = viewerReadUpTo
    }

    /// Whether the viewer sees message `n` as read: by all others if they wrote it, by themselves if not.
    public func isRead(_ n: Int64, writtenByViewer: Bool) -> Bool {
        n <= (writtenByViewer ? othersReadUpTo : viewerReadUpTo)
    }
}

/// The position of a read marker after a request to move it.
public struct ReadOutcome: Sendable, Equatable {
    /// The number of the last message read.
    public let readUpTo: Int64
    /// How many messages by others come after it.
    public let unread: Int64

    /// Creates a read outcome.
    public init(readUpTo: Int64, unread: Int64) {
        self.readUpTo = readUpTo
        self.unread = unread
    }
}
