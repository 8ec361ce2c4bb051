import Messaging
import StoreWork

/// Connects the writer: to a server that may be written to, in the epoch that it finds there, with the lease.
struct WriterConnector: Sendable {
    let address: PostgresAddress
    let lease: Lease
    let serving: ServingState
    let interrupt: PostgresInterrupt
    let bounds: StoreBounds
    let isReplicated: Bool

    /// Connects; blocks until that is done or has failed.
    ///
    /// Taking the lease waits for the lock of all writes. So whatever an earlier connection of ours has still to commit is visible then,
    /// and memory that was filled before is forgotten. Before the first connection there is nothing to forget, and forgetting would send
    /// away those who wait since the start.
    ///
    /// - Throws: ``PostgresError``.
    func connect(isFirst: Bool) throws(PostgresError) -> WriteCalls {
        let connection = try PostgresConnection(address, role: .writer, interrupt: interrupt)
        let epoch = try connection.lookUpEpoch(random: Epoch(random: .random(in: .min ... .max)))
        let start = ServingState.now
        if let other = try lease.take(connection) { throw .inUse(by: other.name, since: other.since) }
        serving.granted(from: start, for: Lease.certain)
        serving.found(epoch)
        if !isFirst { serving.invalidate() }
        return WriteCalls(
            connection, epoch: epoch, holder: lease.holder, bounds: bounds, isReplicated: isReplicated)
    }
}
