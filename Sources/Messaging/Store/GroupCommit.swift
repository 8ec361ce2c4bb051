/// One transaction of the writer, once it is on disk.
public struct GroupCommit: Sendable {
    /// How many writes it took.
    public let writes: Int
    /// How long all of it took, in seconds.
    public let seconds: Double
    /// How much of that was the commit itself, which writes and syncs, in seconds.
    public let syncSeconds: Double

    /// Creates a group commit.
    public init(writes: Int, seconds: Double, syncSeconds: Double) {
        self.writes = writes
        self.seconds = seconds
        self.syncSeconds = syncSeconds
    }
}
