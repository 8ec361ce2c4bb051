import Messaging

/// One reading thread's connection, which is made when it is needed.
final class ReaderConnection {
    private let address: PostgresAddress
    private let interrupt: PostgresInterrupt
    private var connection: PostgresConnection?
    private var epoch: Epoch?
    private var backoff = Backoff()
    private var retryAt = ContinuousClock.now
    private var lastError: PostgresError?

    init(address: PostgresAddress, interrupt: PostgresInterrupt) {
        self.address = address
        self.interrupt = interrupt
    }

    /// A connection in this epoch; fails at once where the last attempt has failed a moment ago.
    ///
    /// - Throws: ``PostgresError``; ``PostgresError/otherEpoch`` where the server is in another one.
    func ready(in expected: Epoch) throws(PostgresError) -> PostgresConnection {
        if connection?.isUsable() == false { connection = nil }
        let present: PostgresConnection
        if let connection { present = connection } else { present = try connect() }
        connection = present
        if epoch != expected { epoch = try present.lookUpEpoch(random: Epoch(random: .random(in: .min ... .max))) }
        guard epoch == expected else {
            // It may be a server that is not the primary any more.
            connection = nil
            throw .otherEpoch
        }
        return present
    }

    /// Asks the server for its epoch again.
    func checkEpoch(_ expected: Epoch) throws(PostgresError) {
        epoch = try connection?.lookUpEpoch(random: Epoch(random: .random(in: .min ... .max)))
        guard epoch == expected else { throw .otherEpoch }
    }

    private func connect() throws(PostgresError) -> PostgresConnection {
        if retryAt > .now, let lastError { throw lastError }
        do {
            let connection = try PostgresConnection(address, role: .reader, interrupt: interrupt)
            backoff.reset()
            epoch = nil
            return connection
        } catch {
            lastError = error
            retryAt = .now + backoff.pause()
            throw error
        }
    }
}
