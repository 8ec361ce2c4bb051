import Messaging

extension PostgresStore {
    /// How old the last write may be for a store to be taken to accept writes without another try.
    private static let fresh = Duration.seconds(10)

    /// Checks whether the store answers reads and takes writes; nil where it does both, or else the reason.
    ///
    /// It reads each time, and writes where nothing was written for ten seconds. While writes fail, it is the writer thread that tries
    /// again.
    public func checkReadiness() async -> StoreFault? {
        if let fault = fault(of: .write) { return fault }
        do throws(MessagingError) {
            try await read { connection, _ in
                _ = try connection.run("SELECT 1 FROM postbox.store", within: PostgresConnection.readLimit)
            }
            if let fault = fault(of: .read) ?? fault(of: .write) { return fault }
            if !health.hasWritten(within: Self.fresh) { _ = try await writer.perform { .probe($0) } }
            return fault(of: .write)
        } catch {
            return fault(of: .read) ?? fault(of: .write) ?? (error == .overloaded ? .stalled : .closed)
        }
    }

    /// Why an operation fails at present; nil where it works. Any thread may call it; it does not wait.
    public func fault(of operation: StoreOperation) -> StoreFault? {
        if let fault = health.fault(of: operation) { return fault }
        if operation == .write, writer.isStalled { return .stalled }
        if operation == .read, readQueue.isStalled { return .stalled }
        return nil
    }

    /// How often an operation failed for this reason since the start: calls of the server, not requests.
    public func failures(of operation: StoreOperation, by fault: StoreFault) -> Int {
        health.failures(of: operation, by: fault)
    }
}
