/// What an idle poll of a caller's list needs to know.
public struct ListFreshness: Equatable, Sendable {
    /// Where the newest page of a list ends.
    public struct PageEnd: Equatable, Sendable {
        /// How many entries the page may have.
        public let limit: Int
        /// What to ask for `before` to get older entries; nil where there are none.
        public let olderBefore: Int64?

        /// Puts an end together.
        public init(limit: Int, olderBefore: Int64?) {
            self.limit = limit
            self.olderBefore = olderBefore
        }
    }

    /// The newest change number of the list; 0 where it is empty.
    public let change: Int64
    /// The end of the newest page as it was last given out, if it was since that change.
    public let pageEnd: PageEnd?

    /// Puts a state together.
    public init(change: Int64, pageEnd: PageEnd? = nil) {
        self.change = change
        self.pageEnd = pageEnd
    }
}
