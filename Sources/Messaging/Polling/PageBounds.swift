/// The limits of a page: a number of entries and a number of bytes, but at least one entry.
package struct PageBounds: Sendable, Equatable {
    /// Which entries a page keeps where not all of them fit.
    package enum End: Sendable {
        case oldest
        case newest
    }

    /// The most entries.
    package var count: Int
    /// The most bytes; a page of one entry may have more.
    package var bytes: Int
    /// What it keeps.
    package var kept: End

    package init(count: Int, bytes: Int, kept: End = .oldest) {
        self.count = count
        self.bytes = bytes
        self.kept = kept
    }

    /// How many entries to read: one more than is needed tells whether there are more.
    package var countToRead: Int { count == .max ? count : count + 1 }

    /// Whether so many entries of so many bytes fill a page and show that more follow, so that a reader can stop.
    package func areExceeded(by count: Int, _ size: Int) -> Bool {
        count > self.count || (count >= 2 && size > bytes)
    }
}
