import GRDB
import Messaging
import StoreWork

extension SQLiteStore {
    /// How old the last write may be for a store to be taken to accept writes without another try.
    static let fresh = Duration.seconds(10)

    /// Checks whether the store answers reads and takes writes; nil where it does both, or else the reason.
    ///
    /// It looks each time, and rewrites one page without changing it where nothing was written for ten seconds. While writes fail, it
    /// is the writer thread that tries again, once a second.
    public func checkReadiness() async -> StoreFault? {
        if writer.isStalled { return .stalled }
        let isReading = health.fault(of: .read) == nil
        do throws(MessagingError) {
            _ = try await read { db in
                // The state in memory does not show that a disk has failed.
                if !isReading { try db.execute(sql: "PRAGMA shrink_memory") }
                return try Int.fetchOne(db, sql: "SELECT 1 FROM store")
            }
            if let fault = health.fault(of: .read) ?? health.fault(of: .write) { return fault }
            if !health.hasWritten(within: Self.fresh) { try await writer.perform { try $0.probe() } }
            return health.fault(of: .write)
        } catch {
            return health.fault(of: .read) ?? health.fault(of: .write) ?? (error == .overloaded ? .stalled : .closed)
        }
    }

    /// Why an operation fails at present; nil where it works. Any thread may call it; it does not wait.
    public func fault(of operation: StoreOperation) -> StoreFault? {
        if operation == .write, writer.isStalled { return .stalled }
        if operation == .read, readQueue.isStalled { return .stalled }
        return health.fault(of: operation)
    }

    /// How often an operation failed for this reason since the start: transactions, reads or checkpoints, not requests.
    public func failures(of operation: StoreOperation, by fault: StoreFault) -> Int {
        health.failures(of: operation, by: fault)
    }
}
