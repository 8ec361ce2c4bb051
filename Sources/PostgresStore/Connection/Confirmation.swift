/// The confirmation of a synchronous standby that it has all that a connection can see.
///
/// The write-ahead log has one order: a standby that confirms a record has every commit that was visible before the record was written.
/// And a former primary, whose standbys follow another server, gets no confirmation.
enum Confirmation {
    /// Columns of a statement whose transaction writes one record and commits only once a synchronous standby has it. `is_required` is 1;
    /// where no standby is required the statement fails with SQLSTATE 22012.
    static let columns = """
        pg_catalog.pg_logical_emit_message(true, 'postbox', '') AS written, \(WriteCalls.durable) AS durable,
            1 / (current_setting('synchronous_standby_names') <> '')::int AS is_required, \(warned) AS warned
        """

    /// Has the server warn where a wait for the standby is cancelled, whatever the role says: as a column of a statement.
    static let warned = "pg_catalog.set_config('client_min_messages', 'warning', true)"
}

extension PostgresConnection {
    /// Waits until a synchronous standby has all that this connection can see.
    ///
    /// To give up does no harm: nothing of what is written can be seen.
    ///
    /// - Throws: ``PostgresError/noStandby`` where none confirms it in time.
    func confirm(within limit: Duration) throws(PostgresError) {
        let warnings = warnings
        do {
            try runOften("SELECT \(Confirmation.columns)", [], within: limit)
        } catch PostgresError.refused("22012", _) {
            throw .noStandby
        } catch PostgresError.timedOut {
            throw .noStandby
        }
        guard try isConfirmed(since: warnings) else { throw .noStandby }
    }

    /// Whether a standby has what was just committed: to empty the list of standbys releases those who wait, and to cancel one is a warning.
    ///
    /// - Parameter warnings: how many there were before.
    func isConfirmed(since warnings: Int) throws(PostgresError) -> Bool {
        guard self.warnings == warnings else { return false }
        let rows = try runOften(
            "SELECT current_setting('synchronous_standby_names') <> ''", [], within: Self.readLimit)
        return try rows.requiredBool(0, 0)
    }
}
