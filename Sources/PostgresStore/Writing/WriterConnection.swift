import Messaging
import StoreWork

/// Connects the writer: to a server that may be written to, in the epoch that it finds there, as a node that all others know of.
struct WriterConnector: Sendable {
    let address: PostgresAddress
    let membership: NodeMembership
    let serving: ServingState
    let interrupt: PostgresInterrupt
    let bounds: StoreBounds
    let isReplicated: Bool

    /// Connects; blocks until that is done or has failed.
    ///
    /// Joining anew waits for the lock of all writes. So whatever an earlier connection of ours has still to commit is visible then.
    ///
    /// - Throws: ``PostgresError``.
    func connect() throws(PostgresError) -> WriteCalls {
        let connection = try PostgresConnection(address, role: .writer, interrupt: interrupt)
        let epoch = try connection.lookUpEpoch(random: Epoch(random: .random(in: .min ... .max)))
        if membership.mustJoin || epoch != serving.expected {
            let start = BootClock.now
            try membership.node.join(connection)
            try membership.node.waitUntilKnown(connection)
            serving.found(epoch)
            membership.joined(from: start)
        }
        return WriteCalls(
            connection, epoch: epoch, node: membership.node.id, bounds: bounds, isReplicated: isReplicated)
    }
}
