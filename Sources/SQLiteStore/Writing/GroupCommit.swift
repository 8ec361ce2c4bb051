/// One transaction of the writer, once it is on disk.
public struct GroupCommit: Sendable {
    /// How many writes it took.
    public let writes: Int
    /// How long all of it took, in seconds.
    public let seconds: Double
    /// How much of that was the commit itself, which writes and syncs, in seconds.
    public let syncSeconds: Double
}

extension GroupCommit {
    init(writes: Int, duration: Duration, sync: Duration) {
        self.init(writes: writes, seconds: duration / .seconds(1), syncSeconds: sync / .seconds(1))
    }
}
