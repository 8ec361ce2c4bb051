import Messaging

/// One reading thread's connection, which is made when it is needed.
final class ReaderConnection {
    private let address: PostgresAddress
    private let interrupt: PostgresInterrupt
    private let serving: ServingState
    private var connection: PostgresConnection?
    private var history: History?
    /// Whether a standby has what could be seen when the connection was new, or none has to.
    private var isConfirmed = false
    private var backoff = Backoff()
    private var retryAt = ContinuousClock.now
    private var lastError: PostgresError?

    init(address: PostgresAddress, serving: ServingState, interrupt: PostgresInterrupt) {
        self.address = address
        self.serving = serving
        self.interrupt = interrupt
    }

    /// A connection to this history; fails at once where the last attempt has failed a moment ago.
    ///
    /// - Throws: ``PostgresError``; ``PostgresError/otherEpoch`` where the server is in another one.
    func ready(in expected: History) throws(PostgresError) -> PostgresConnection {
        if connection?.isUsable() == false { connection = nil }
        let present: PostgresConnection
        if let connection { present = connection } else { present = try connect() }
        connection = present
        if history != expected { history = try present.lookUpHistory(after: expected, goesOn: serving.goesOn) }
        guard history == expected else {
            // It may be a server that is not the primary any more.
            connection = nil
            throw .otherEpoch
        }
        if !isConfirmed {
            // After a crash the server shows commits that were waiting for their standby.
            try present.confirm(within: .seconds(1))
            isConfirmed = true
        }
        return present
    }

    /// Asks the server for its history again.
    func checkHistory(_ expected: History) throws(PostgresError) {
        history = try connection?.lookUpHistory(after: expected, goesOn: serving.goesOn)
        guard history == expected else { throw .otherEpoch }
    }

    private func connect() throws(PostgresError) -> PostgresConnection {
        if retryAt > .now, let lastError { throw lastError }
        do {
            let connection = try PostgresConnection(address, role: .reader, interrupt: interrupt)
            backoff.reset()
            history = nil
            isConfirmed = !serving.isReplicated
            return connection
        } catch {
            lastError = error
            retryAt = .now + backoff.pause()
            throw error
        }
    }
}
