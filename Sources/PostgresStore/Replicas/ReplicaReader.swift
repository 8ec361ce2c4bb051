import Messaging

/// One reading thread's connection to a read replica.
final class ReplicaReader {
    private let address: PostgresAddress
    private let interrupt: PostgresInterrupt
    private var connection: PostgresConnection?

    init(address: PostgresAddress, interrupt: PostgresInterrupt) {
        self.address = address
        self.interrupt = interrupt
    }

    /// Connects unless there is a connection; blocks for at most `connect_timeout` for each address of each host.
    ///
    /// - Throws: ``PostgresError``.
    func connect() throws(PostgresError) {
        guard connection?.isUsable() != true, !interrupt.isRaised else { return }
        connection = nil
        connection = try PostgresConnection(address, role: .replica, interrupt: interrupt)
    }

    /// Reads a page; nil where there is no connection.
    ///
    /// - Throws: ``ReplicaFailure``.
    func messages(
        of page: ReplicaPage, in history: History, within limit: Duration
    ) throws(ReplicaFailure) -> PackedMessages? {
        guard let connection, connection.isUsable() else {
            self.connection = nil
            return nil
        }
        return try page.read(from: connection, in: history, within: limit)
    }
}
