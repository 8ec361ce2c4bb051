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
    /// Where the outcome of a write is not known, or the node has to join anew for another reason, it writes under another number from then
    /// on. So whatever an earlier connection of ours has committed is visible then, and whatever it has still to write is refused. Otherwise memory stays as it is: to forget it
    /// sends away those who wait.
    ///
    /// - Throws: ``PostgresError``.
    func connect() throws(PostgresError) -> WriteCalls {
        let connection = try PostgresConnection(address, role: .writer, interrupt: interrupt)
        let epoch = try connection.lookUpEpoch(random: Epoch(random: .random(in: .min ... .max)))
        if membership.mustJoin || epoch != serving.expected {
            let start = BootClock.now
            let writer = try membership.node.join(connection)
            try membership.node.waitUntilKnown(connection)
            serving.found(epoch)
            membership.joined(from: start, as: writer)
        }
        return WriteCalls(
            connection, epoch: epoch, writer: membership.writer, bounds: bounds, isReplicated: isReplicated)
    }
}
