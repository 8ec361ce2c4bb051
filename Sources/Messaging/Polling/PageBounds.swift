/// The limits of a page: a number of entries and a number of bytes, but at least one entry.
public struct PageBounds: Sendable, Equatable {
    /// The end of a page that is kept where not all entries fit.
    public enum End: Sendable {
        case oldest
        case newest
    }

    /// The most entries.
    public var count: Int
    /// The most bytes; a page of one entry may have more.
    public var bytes: Int
    /// The end that the page keeps.
    public var kept: End

    /// Creates page bounds.
    public init(count: Int, bytes: Int, kept: End = .oldest) {
        self.count = count
        self.bytes = bytes
        self.kept = kept
    }

    /// The number of entries to read: one more than the page holds, to see whether more follow.
    public var countToRead: Int { count == .max ? count : count + 1 }

    /// Whether this number of entries, with this number of bytes, fills a page and shows that more follow, so that a reader can stop.
    public func areExceeded(by count: Int, _ size: Int) -> Bool {
        count > self.count || (count >= 2 && size > bytes)
    }
}
