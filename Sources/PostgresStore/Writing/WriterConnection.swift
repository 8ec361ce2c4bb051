import Messaging
import StoreWork

/// Connects the writer: to a server that may be written to, in the epoch that it finds there, as a node that all others know of.
struct WriterConnector: Sendable {
    let address: PostgresAddress
    let membership: NodeMembership
    let serving: ServingState
    let interrupt: PostgresInterrupt
    let bounds: StoreBounds

    /// Connects; blocks until that is done or has failed.
    ///
    /// Where the outcome of a write is not known, or the node has to join anew for another reason, it writes under another number from then
    /// on. So whatever an earlier connection of ours has committed is visible then, and whatever it has still to write is refused. Otherwise
    /// memory stays as it is: to forget it sends away those who wait.
    ///
    /// - Throws: ``PostgresError``.
    func connect() throws(PostgresError) -> WriteCalls {
        let connection = try PostgresConnection(address, role: .writer, interrupt: interrupt)
        let history = try connection.lookUpHistory(after: serving.expected, goesOn: serving.goesOn)
        // A former primary is not confirmed. After a crash the server shows commits that were waiting for their standby.
        if serving.isReplicated { try connection.confirm(within: .seconds(2)) }
        if membership.mustJoin || history != serving.expected {
            let start = BootClock.now
            let writer = try membership.node.join(connection)
            try membership.node.waitUntilKnown(connection)
            serving.found(history)
            membership.joined(from: start, as: writer)
        }
        return WriteCalls(
            connection, epoch: history.epoch, writer: membership.writer, bounds: bounds,
            isReplicated: serving.isReplicated)
    }
}
