import Messaging
import Metrics

/// Counts the writer's transactions, and names the slow ones in the log.
struct CommitMetrics: Sendable {
    /// How many writes a transaction took.
    let writes = SharedHistogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    /// How long the commit took, its sync included.
    let syncs = SharedHistogram(
        bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5])
    let queue: LogQueue
    /// From how many seconds on a transaction is slow.
    let slowAfter: Double

    /// Records a transaction; called on the writer thread.
    func committed(_ commit: GroupCommit) {
        writes.observe(Double(commit.writes))
        syncs.observe(commit.syncSeconds)
        guard commit.seconds >= slowAfter else { return }
        let time = SystemClock.now()
        queue.put {
            LogLine(
                time: time, level: .warning, message: "slow commit",
                fields: [
                    ("writes", .number(commit.writes)), ("seconds", .seconds(commit.seconds)),
                    ("sync_seconds", .seconds(commit.syncSeconds)),
                ])
        }
    }
}
