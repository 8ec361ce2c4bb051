/// One row of the feed: what one transaction changed, for all nodes.
///
/// The node that writes makes the payload before the call; the store adds the numbers.
public struct FeedRow: Sendable, Equatable {
    /// Its place in the order of commits, and the number before its change numbers.
    public let position: Int64
    /// The number of each message, and 0 where it was stored before or not at all; in a renaming and a removal, the keys of the
    /// conversations in the order of their change numbers.
    public let numbers: [Int64]
    /// Where each read marker is now, and 0 where it did not move; in a removal, for each conversation up to where it was pruned, and its
    /// revision.
    public let marks: [Int64]
    /// The lists that the read markers changed; nil where the row does not say, and the lists of all participants are forgotten.
    public let markedLists: [Commit.ListChange]?
    /// What changed; nil where this version cannot read it, and everything is forgotten.
    public let payload: FeedPayload?

    /// Creates a row.
    public init(
        position: Int64, numbers: [Int64] = [], marks: [Int64] = [], markedLists: [Commit.ListChange]? = nil,
        payload: FeedPayload?
    ) {
        self.position = position
        self.numbers = numbers
        self.marks = marks
        self.markedLists = markedLists
        self.payload = payload
    }
}

/// What one look at the feed brought, in one snapshot of the store.
public struct FeedLook: Sendable, Equatable {
    /// The most rows of a look; one with as many may have been cut.
    public static let mostRows = 100

    /// The epoch of the store.
    public let epoch: Epoch
    /// The greatest position of a row that was removed from the feed; without it, an empty feed would vouch for nothing.
    public let trimmedUpTo: Int64
    /// The greatest position in the feed, or ``trimmedUpTo`` where that is greater.
    public let newest: Int64
    /// The first rows after the position that was asked for, ordered by position; at most ``mostRows``.
    public let rows: [FeedRow]

    /// Creates a look.
    public init(epoch: Epoch, trimmedUpTo: Int64, newest: Int64, rows: [FeedRow]) {
        self.epoch = epoch
        self.trimmedUpTo = trimmedUpTo
        self.newest = newest
        self.rows = rows
    }
}
