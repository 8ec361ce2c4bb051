import CPostgres

extension PostgresConnection {
    /// The oldest server that Postbox works with.
    private static let oldestVersion = 150_000

    /// Connects; blocks for at most `connect_timeout` for each address of each host. Of several hosts it takes the primary, or for a replica
    /// a standby.
    static func connect(_ address: PostgresAddress, _ role: Role) throws(PostgresError) -> OpaquePointer {
        let connection = try open(address)
        // The environment and the service file may name them too, and only the library knows what they say.
        guard postbox_pq_has_several_hosts(connection) else { return connection }
        postbox_pq_finish(connection)
        return try open(address, [("target_session_attrs", role == .replica ? "standby" : "read-write")])
    }

    private static func open(
        _ address: PostgresAddress, _ choice: [(String, String)] = []
    ) throws(PostgresError) -> OpaquePointer {
        // The address may override those that come before it. A network that hangs is noticed within seconds.
        let parameters =
            [
                ("fallback_application_name", "postbox"), ("connect_timeout", "3"), ("keepalives_idle", "5"),
                ("keepalives_interval", "2"), ("keepalives_count", "3"), ("tcp_user_timeout", "10000"),
            ] + choice + [("dbname", address.text), ("client_encoding", "UTF8")]
        let connection = withPointers(parameters.map(\.0)) { keywords in
            withPointers(parameters.map(\.1)) { values in postbox_pq_connect(keywords, values) }
        }
        guard let connection else { throw .unreachable(reason: "out of memory") }
        guard Int(postbox_pq_status(connection)) == POSTBOX_PQ_CONNECTION_OK else {
            let reason = words(postbox_pq_error_message(connection), address)
            postbox_pq_finish(connection)
            // libpq does not tell the SQLSTATE of a refused connection.
            let isFull = ["too many clients", "too many connections", "remaining connection slots"]
                .contains { reason.contains($0) }
            throw isFull ? .tooManyConnections(reason: reason) : .unreachable(reason: reason)
        }
        return connection
    }

    /// Passes an array of C strings with NULL at its end.
    private static func withPointers<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for text in texts {
            offsets.append(bytes.count)
            bytes += text.utf8CString
        }
        return bytes.withUnsafeBufferPointer { bytes in
            var pointers: [UnsafePointer<CChar>?] = offsets.map { offset in bytes.baseAddress.map { $0 + offset } }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { pointers in
                guard let first = pointers.baseAddress else { preconditionFailure("an array with NULL is not empty") }
                return body(first)
            }
        }
    }

    /// Checks the server and sets what the session needs, in one round trip.
    ///
    /// Behind a pooler the settings would reach the sessions of others, so there they are left alone: the functions of the schema and
    /// the writing statements set what correctness needs for themselves.
    func begin(_ role: Role) throws(PostgresError) {
        let settings = Self.settings(of: role).map { "set_config('\($0)', \($1), false)" }.joined(separator: ", ")
        let rows = try run(
            """
            SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
                pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on', pg_backend_pid() = $1,
                CASE WHEN pg_backend_pid() = $1 THEN ARRAY[\(settings)] END
            """, [.int4(postbox_pq_backend_pid(handle))], within: Self.readLimit)
        let version = Int(try rows.requiredInt4(0, 0))
        guard version >= Self.oldestVersion else { throw .oldServer(version: version) }
        let encoding = try rows.requiredText(0, 1)
        guard encoding == "UTF8" else { throw .wrongEncoding(encoding) }
        let isReadOnly = try rows.requiredBool(0, 2)
        guard !isReadOnly || role == .replica else { throw .readOnlyServer }
        setDirect(try rows.requiredBool(0, 3))
    }

    /// The settings of a session, as SQL expressions.
    private static func settings(of role: Role) -> [(name: String, value: String)] {
        let jit = ("jit", "'off'")
        switch role {
        case .reader:
            // A prepared statement keeps its plan, also that of a table which was small.
            return [jit, ("enable_seqscan", "'off'"), ("statement_timeout", "'5s'"), ("lock_timeout", "'2s'")]
        case .replica: return [jit, ("enable_seqscan", "'off'"), ("statement_timeout", "'500ms'")]
        case .writer, .maintenance:
            let synchronousCommit =
                "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END"
            // A writer that waits for its standby must not be cancelled, or its commit would become visible unconfirmed.
            return [
                jit, ("synchronous_commit", synchronousCommit), ("lock_timeout", role == .writer ? "'2s'" : "'10s'"),
                ("statement_timeout", "'0'"), ("idle_in_transaction_session_timeout", "'0'"),
                // A write must see the last commit after it has waited for the lock.
                ("default_transaction_isolation", "'read committed'"),
            ]
        }
    }
}
