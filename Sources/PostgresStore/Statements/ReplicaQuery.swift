/// The only statement that read replicas are asked.
enum ReplicaQuery {
    /// The newest messages among some numbers, and in the same snapshot what the server has of the store and the conversation. `$1 text`
    /// the tenant, `$2 bigint` the conversation's key, `$3 text` its id, `$4` to `$7` as `$5` to `$8` of ``MessageQuery/newest``.
    ///
    /// Columns, of one row at least: `is_standby boolean` (whether the server is a standby of the system where the epoch began), `epoch
    /// text`, `timeline int` (that of the primary which wrote last what the standby has); `revision bigint` and `pruned_up_to bigint`, NULL
    /// where there is no such conversation; then those of a message, NULL where there is none.
    static let page = """
        SELECT pg_is_in_recovery() AND s.system = (SELECT p.system_identifier FROM pg_control_system() p), s.epoch, s.timeline,
            c.revision, c.pruned_up_to, m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id
        FROM postbox.store s
            LEFT JOIN postbox.conversations c ON c.tenant_id = $1 AND c.key = $2 AND c.id = $3
            LEFT JOIN LATERAL postbox.newest_messages($1, $2, $4, $5, $6, $7) m ON true
        ORDER BY m.n
        """
}
