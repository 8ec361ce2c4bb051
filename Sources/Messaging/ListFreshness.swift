/// What an idle poll of a caller's list needs to know.
public struct ListFreshness: Equatable, Sendable {
    /// Where the newest page of a list ends.
    public struct PageEnd: Equatable, Sendable {
        /// What to ask for `before` to get older entries; nil where there are none.
        public let olderBefore: Int64?
        // One for each of a hundred thousand people: it fits beside what tells whether there is an older page.
        private let shortLimit: Int16

        /// How many entries the page may have.
        public var limit: Int { Int(shortLimit) }

        /// Puts an end together.
        ///
        /// - Parameter limit: at most 32,767, many times what anybody can ask for.
        public init(limit: Int, olderBefore: Int64?) {
            shortLimit = Int16(limit)
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
