import Messaging

/// The lease of the database: the right to serve it, which one process has at a time.
struct Lease {
    /// For how long it is granted.
    static let seconds: Int32 = 10
    /// How often it is renewed.
    static let renewal = Duration.milliseconds(2500)
    /// For how long our own clock takes it to be ours: less, because two clocks may run at slightly different speeds.
    static let certain = Duration.seconds(9)

    /// Who has the lease, where it is another process.
    struct Holder: Equatable {
        /// What the process calls itself.
        let name: String
        /// Since when it has the lease.
        let since: Timestamp
        /// For how long it has it at least.
        let left: Duration
    }

    /// Tells this process apart from all others.
    let holder: Int64
    /// What this process calls itself, for people.
    let name: String

    /// The lease is short, and another process that waits for a standby must not keep us from renewing it: so it is as durable as the
    /// server's own disk, and not more.
    private static let durable = "set_config('synchronous_commit', 'local', true)"

    /// Takes the lease, unless another process has it; returns that one then.
    func take(_ connection: PostgresConnection) throws(PostgresError) -> Holder? {
        let rows = try connection.run(
            """
            SELECT t.taken, t.holder_name, t.since_ms, t.left_ms, \(Self.durable) FROM postbox.take_lease($1, $2, $3) t
            """, [.int8(holder), .int4(Self.seconds), .text(name)], within: .seconds(5))
        if try rows.requiredBool(0, 0) { return nil }
        return Holder(
            name: try rows.text(0, 1) ?? "", since: Timestamp(milliseconds: try rows.int8(0, 2) ?? 0),
            left: .milliseconds(try rows.int8(0, 3) ?? 0))
    }

    /// Renews the lease and looks at the epoch; returns whether the lease is still ours, and the epoch.
    func renew(_ connection: PostgresConnection, random: Epoch) throws(PostgresError) -> (isOurs: Bool, epoch: Epoch) {
        let rows = try connection.run(
            "SELECT postbox.renew_lease($1, $2), postbox.look_up_epoch($3), \(Self.durable)",
            [.int8(holder), .int4(Self.seconds), .text(random.text)], within: .seconds(3))
        guard let epoch = Epoch(try rows.requiredText(0, 1)) else { throw .malformed("an epoch of another form") }
        return (try rows.requiredBool(0, 0), epoch)
    }

    /// Gives the lease back.
    func release(_ connection: PostgresConnection) throws(PostgresError) {
        try connection.run(
            "SELECT postbox.release_lease($1), \(Self.durable)", [.int8(holder)], within: .seconds(2))
    }
}

extension PostgresConnection {
    /// The epoch; every connection asks for it before it is used. After a failover this begins a new one.
    func lookUpEpoch(random: Epoch) throws(PostgresError) -> Epoch {
        let rows = try run("SELECT postbox.look_up_epoch($1)", [.text(random.text)], within: .seconds(5))
        guard let epoch = Epoch(try rows.requiredText(0, 0)) else { throw .malformed("an epoch of another form") }
        return epoch
    }
}
