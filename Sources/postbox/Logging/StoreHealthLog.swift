import Logging
import Messaging

/// Logs when the store begins to fail, and when it works again: one line each, however many requests that hits.
struct StoreHealthLog: Sendable {
    let logger: Logger

    /// Logs a change; any thread may call.
    func changed(_ change: HealthTransition) {
        let name =
            switch change.operation {
            case .read: "reads"
            case .write: "writes"
            case .checkpoint: "checkpoints"
            }
        guard let fault = change.fault else {
            logger.notice("\(name) succeed again", metadata: ["failed_seconds": .stringConvertible(change.seconds)])
            return
        }
        var fields: Logger.Metadata = ["reason": "\(fault.name)", "meaning": "\(fault.sentence)"]
        if !change.cause.isEmpty { fields["cause"] = "\(change.cause)" }
        logger.error("\(name) fail", metadata: fields)
    }
}
