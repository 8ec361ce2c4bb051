/// The state of a node that reads the feed: which rows memory has. It is a value without a connection or a clock; a store fetches the
/// looks, in one thread, and gives each to ``apply(_:to:resolve:)``.
///
/// Memory gets the rows in the order of the commits, and each row whole. While a node is the only one, its store may tell the
/// observer of its own commits directly. Otherwise they come back in its own looks, as all others do: what the store's writer
/// knows of a conversation may be older than what others wrote, and a higher change number must not be in memory before a lower one.
public struct FeedReader: Sendable {
    /// What became of a look.
    public enum Progress: Sendable, Equatable {
        /// Memory has all that was visible when the look began; tell ``FeedClock/looked(from:)``.
        case complete
        /// Memory has the rows, and there may be more: look again at once. The look does not count for the clock.
        case cut
        /// Rows are missing, or the epoch or everything else is another: memory was emptied, and so has nothing that is older than
        /// the look. It counts as a complete one.
        case restarted
    }

    /// The position of the last row that memory has; nil before the first look, which begins at the newest row.
    public private(set) var position: Int64?
    /// The epoch of the last look; nil before the first.
    public private(set) var epoch: Epoch?

    private let mostRows: Int

    /// A reader that has not looked yet.
    ///
    /// - Parameter mostRows: the most rows that a look brings; one with as many may have been cut.
    public init(mostRows: Int = FeedLook.mostRows) {
        self.mostRows = mostRows
    }

    /// Forgets where it is: the next look begins at the newest row, with an empty memory. A store calls it where its lease was over.
    public mutating func restart() {
        position = nil
    }

    /// The observer was told directly of a commit of this node's own, while it was the only one.
    public mutating func applied(ownCommitAt position: Int64) {
        self.position = max(position, self.position ?? .min)
    }

    /// Tells an observer of what a look brought.
    ///
    /// Where it empties memory, each load that runs meanwhile is overtaken, and each that begins later reads what the look saw at least.
    ///
    /// - Parameters:
    ///   - look: the rows after ``position``, or after any position where that is nil.
    ///   - observer: is told of the commits in one call, or to forget everything.
    ///   - resolve: returns the id and the participants of the conversation with this key where the row has not got them; nil where
    ///     there is none. What it throws is thrown, and then nothing was applied.
    public mutating func apply<Failure: Error>(
        _ look: FeedLook, to observer: some CommitObserver,
        resolve: (TenantID, Int64) throws(Failure) -> FeedConversation?
    ) throws(Failure) -> Progress {
        guard let position, look.epoch == epoch, look.trimmedUpTo <= position, position <= look.newest else {
            return restart(after: look, observer)
        }
        var commits: [Commit] = []
        var last = position
        for row in look.rows where row.position > position {
            guard row.position > last, let found = try row.commits(resolve: resolve) else {
                return restart(after: look, observer)
            }
            last = row.position
            commits += found
        }
        if !commits.isEmpty { observer.committed(commits) }
        self.position = last
        return look.rows.count < mostRows ? .complete : .cut
    }

    private mutating func restart(after look: FeedLook, _ observer: some CommitObserver) -> Progress {
        observer.reset()
        position = max(look.newest, look.trimmedUpTo)
        epoch = look.epoch
        return .restarted
    }
}
