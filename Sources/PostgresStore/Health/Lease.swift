import Messaging
import Synchronization

/// The lease of the database: the right to serve it, which one process has at a time. Any thread may use it.
///
/// Each time it is taken, it has another holder, so that what an earlier connection has sent and the server has not run yet is refused:
/// its commit would come after memory was filled anew, and memory would not learn of it.
final class Lease: Sendable {
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

    /// The bits of a holder that tell the process apart from all others; the other ones count.
    private static let processBits: Int64 = 1 << 56 - 1

    private let process: Int64
    private let taken = Atomic<Int64>(.random(in: 0..<256))
    /// What this process calls itself, for people.
    let name: String

    /// - Parameter process: tells this process apart from all others by its lower 56 bits.
    init(process: Int64, name: String) {
        self.process = process & Self.processBits
        self.name = name
    }

    /// What the latest call of ``take(_:)`` took it for; writes must name it.
    var holder: Int64 { process | taken.load(ordering: .acquiring) << 56 }

    /// The lease is short, and another process that waits for a standby must not keep us from renewing it: so it is as durable as the
    /// server's own disk, and not more.
    private static let durable = "set_config('synchronous_commit', 'local', true)"

    /// Takes the lease for what this connection writes, unless another process has it; returns that one then.
    func take(_ connection: PostgresConnection) throws(PostgresError) -> Holder? {
        taken.add(1, ordering: .acquiringAndReleasing)
        var rows = try take(connection, from: nil)
        // One that was killed on this machine need not be waited for.
        if let other = try rows.int8(0, 4), LocalProcess.hasEnded(other & Self.processBits) {
            rows = try take(connection, from: other)
        }
        if try rows.requiredBool(0, 0) { return nil }
        return Holder(
            name: try rows.text(0, 1) ?? "", since: Timestamp(milliseconds: try rows.int8(0, 2) ?? 0),
            left: .milliseconds(try rows.int8(0, 3) ?? 0))
    }

    private func take(
        _ connection: PostgresConnection, from ended: Int64?
    ) throws(PostgresError) -> PostgresRows {
        try connection.run(
            """
            SELECT t.taken, t.holder_name, t.since_ms, t.left_ms, CASE WHEN NOT t.taken THEN t.holder END, \(Self.durable)
            FROM postbox.take_lease($1, $2, $3, $4) t
            """, [.int8(holder), .int4(Self.seconds), .text(name), .int8(ended)], within: .seconds(5))
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
