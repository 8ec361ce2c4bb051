/// All that a viewer's picture of a conversation's messages depends on, besides the messages themselves.
public struct ReadMarks: Hashable, Sendable {
    /// The number of the latest message; 0 before the first.
    public var n: Int64
    /// How far every other participant has read.
    public var others: Int64
    /// How far the viewer has read.
    public var mine: Int64

    /// Puts marks together.
    public init(n: Int64, others: Int64, mine: Int64) {
        self.n = n
        self.others = others
        self.mine = mine
    }

    /// Whether the viewer sees message `n` as read: by all others if they wrote it, by themselves if not.
    public func isRead(_ n: Int64, writtenByViewer: Bool) -> Bool {
        n <= (writtenByViewer ? others : mine)
    }
}
