/// One transaction of the writer, once it is on disk.
package struct GroupCommit: Sendable {
    /// How many writes it took.
    package let writes: Int
    /// How long all of it took, in seconds.
    package let seconds: Double
    /// How much of that was the commit itself, which writes and syncs, in seconds.
    package let syncSeconds: Double
}

extension GroupCommit {
    init(writes: Int, duration: Duration, sync: Duration) {
        self.init(writes: writes, seconds: duration / .seconds(1), syncSeconds: sync / .seconds(1))
    }
}
