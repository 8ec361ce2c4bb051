/// Figures of this process's place among the nodes.
public struct NodeStatistics: Sendable {
    /// What is counted since the start.
    public struct Counts: Sendable {
        /// Looks at the feed that memory has.
        public var looks = 0
        /// How long they took together, in seconds.
        public var lookSeconds = 0.0
        /// Rows of the feed that they brought.
        public var rows = 0
        /// How often memory was emptied because rows were missing, or the epoch was another.
        public var restarts = 0
    }

    /// How many nodes there are, this one included.
    public let nodes: Int
    /// Whether this one answers without looking at the feed.
    public let isAlone: Bool
    /// How many seconds ago the last complete look began; nil where there was none.
    public let lookAge: Double?
    /// What is counted since the start.
    public let counts: Counts
}
