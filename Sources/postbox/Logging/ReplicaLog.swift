import Logging
import Messaging

/// Logs when a read replica begins to fail, and when it answers again: one line each, however many pages that hits.
struct ReplicaLog: Sendable {
    let logger: Logger

    /// Logs a change; any thread may call.
    func changed(_ change: ReplicaTransition) {
        guard let miss = change.miss else {
            logger.notice(
                "a read replica answers again",
                metadata: ["replica": "\(change.replica)", "failed_seconds": .stringConvertible(change.seconds)])
            return
        }
        logger.warning(
            "a read replica fails, and the primary answers",
            metadata: ["replica": "\(change.replica)", "reason": "\(miss.name)", "cause": "\(change.cause)"])
    }
}
