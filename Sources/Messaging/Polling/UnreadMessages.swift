/// The messages of a conversation that a viewer has not read: those by others after the viewer's read marker.
///
/// The viewer's own messages are never unread. A pruned message is gone, so it is not unread wherever the marker is. An erased message
/// keeps its number and its sender, so it stays unread until the marker passes it.
///
/// A store may count them in another way; its tests compare the counts with this rule.
public struct UnreadMessages: Equatable, Sendable {
    /// The user whose own messages are left out.
    public let viewer: UserID
    /// The numbers that the unread messages are among; nil where no message comes after the marker.
    public let numbers: ClosedRange<Int64>?

    /// - Parameters:
    ///   - viewer: the user who reads.
    ///   - marker: the number of the last message that the viewer has read; 0 before the first.
    ///   - latest: the number of the conversation's latest message; 0 before the first.
    ///   - pruned: the number up to which messages were pruned; 0 where none were.
    public init(by viewer: UserID, after marker: Int64, latest: Int64, prunedUpTo pruned: Int64) {
        self.viewer = viewer
        let last = max(marker, pruned)
        numbers = last < latest ? last + 1...latest : nil
    }

    /// Whether the message with this number and sender is unread.
    public func contains(_ n: Int64, from sender: UserID) -> Bool {
        numbers.map { $0.contains(n) } ?? false && sender != viewer
    }
}
