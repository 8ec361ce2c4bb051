/// One transaction of the writer, once it is on disk.
package struct GroupCommit: Sendable {
    /// How many writes it took.
    package let writes: Int
    /// How long all of it took, in seconds.
    package let seconds: Double
    /// How much of that was the commit itself, which writes and syncs, in seconds.
    package let syncSeconds: Double

    package init(writes: Int, seconds: Double, syncSeconds: Double) {
        self.writes = writes
        self.seconds = seconds
        self.syncSeconds = syncSeconds
    }
}
