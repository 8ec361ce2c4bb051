import Foundation
import Messaging

/// A database for changes that servers must see whole or not at all; they may run meanwhile.
///
/// Each change is one transaction that holds the lock of all writes, as one of the nodes. Where anything has changed, each node empties
/// its memory. Backups, replicas and archived logs keep what was removed.
public final class OfflinePostgres: DataRemover {
    private let address: PostgresAddress

    /// Connects to the database, which must have the present schema; blocks.
    ///
    /// - Throws: ``PostgresStoreError``.
    public init(address: String) throws(PostgresStoreError) {
        do {
            self.address = try PostgresAddress(address)
        } catch {
            throw .connection(error)
        }
        _ = try connect()
    }

    /// Does nothing: each command has its own connection.
    public func close() {}

    private func connect() throws(PostgresStoreError) -> PostgresConnection {
        do {
            let connection = try PostgresConnection(address, role: .maintenance)
            try Schema.requirePresent(connection)
            return connection
        } catch let error as PostgresError {
            throw .connection(error)
        } catch let error as PostgresStoreError {
            throw error
        } catch {
            throw .damaged(reason: String(describing: error))
        }
    }

    /// Applies a change completely or not at all.
    ///
    /// - Parameter body: returns its result, and whether it changed anything.
    private func change<Answer>(
        _ body: (PostgresConnection) throws -> (Answer, isChange: Bool)
    ) throws -> Answer {
        let connection = try connect()
        let node = Node(version: "", bound: .zero)
        do {
            let writer = try node.join(connection)
            defer { try? node.leave(connection) }
            try node.waitUntilKnown(connection)
            var others: Int32 = 0
            // What was committed is seen by everybody when this returns.
            defer { Thread.sleep(forTimeInterval: Double(others) / 1000) }
            return try connection.transaction(within: PostgresConnection.readLimit) {
                others = try Self.begin(connection, as: writer)
                let (answer, isChange) = try body(connection)
                if isChange { try connection.run("SELECT postbox.end_removal()", within: nil) }
                return answer
            }
        } catch let error as PostgresError {
            throw PostgresStoreError.connection(error)
        }
    }

    /// Takes the lock of all writes, for the rest of a transaction that has just begun; returns the greatest D of the other nodes in
    /// milliseconds, 0 where there are none.
    ///
    /// - Throws: ``PostgresError``.
    private static func begin(_ connection: PostgresConnection, as writer: Int64) throws(PostgresError) -> Int32 {
        let limit = PostgresConnection.readLimit
        try connection.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", within: limit)
        let epoch = try connection.lookUpHistory().epoch
        try connection.run("SELECT postbox.begin_write($1, $2)", [.text(epoch.text), .int8(writer)], within: limit)
        return try connection.run("SELECT postbox.other_bound($1)", [.int8(writer)], within: limit).int4(0, 0) ?? 0
    }
}

extension OfflinePostgres {
    /// Erases the name and company of a user, and the content of the messages they wrote.
    ///
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    /// - Throws: ``PostgresStoreError``.
    public func erase(
        _ user: UserID, tenant: TenantID, afterStep: (RemovalProgress) throws -> Void
    ) throws -> Int? {
        try change { connection in
            let rows = try connection.run(
                "SELECT * FROM postbox.erase($1, $2)", [.text(tenant.text), .text(user.text)], within: nil)
            guard try rows.requiredBool(0, 0) else { return (nil, false) }
            return (Int(try rows.requiredInt8(0, 2)), try rows.requiredBool(0, 1))
        }
    }

    /// Erases the content of one message, which stays with its number, time and key.
    ///
    /// - Returns: whether it had content; nil where there is no such message.
    /// - Throws: ``PostgresStoreError``.
    public func erase(_ message: MessageID, tenant: TenantID) throws -> Bool? {
        try change { connection in
            let rows = try connection.run(
                "SELECT postbox.erase_message($1, $2, $3)",
                [.text(tenant.text), .text(message.conversation.text), .int8(message.n)], within: nil)
            let hadContent = try rows.bool(0, 0)
            return (hadContent, hadContent ?? false)
        }
    }

    /// How many conversations are pruned with one statement.
    private static let step = 500

    /// Removes the messages that were sent before a moment.
    ///
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist; ``PostgresStoreError``.
    public func prune(
        _ scope: PruneScope, before moment: Timestamp, afterStep: (RemovalProgress) throws -> Void
    ) throws -> PruneSummary {
        try change { connection in
            var pruned = PruneSummary()
            for (tenant, keys) in try Self.keys(of: scope, connection) {
                for start in stride(from: 0, to: keys.count, by: Self.step) {
                    let rows = try connection.run(
                        "SELECT * FROM postbox.prune($1, $2, $3)",
                        [
                            .text(tenant), .int8Array(Array(keys[start..<min(start + Self.step, keys.count)])),
                            .int8(moment.milliseconds),
                        ], within: nil)
                    pruned.removed += Int(try rows.requiredInt8(0, 0))
                    pruned.emptied += Int(try rows.requiredInt8(0, 1))
                }
            }
            return (pruned, pruned != PruneSummary())
        }
    }

    /// The keys of the conversations to prune, by tenant.
    private static func keys(
        of scope: PruneScope, _ connection: PostgresConnection
    ) throws -> [(tenant: String, keys: [Int64])] {
        if case .conversations(let ids, let tenant) = scope {
            let keys = try ids.map { id in
                let rows = try connection.run(
                    "SELECT c.key FROM postbox.conversations c WHERE c.tenant_id = $1 AND c.id = $2",
                    [.text(tenant.text), .text(id.text)], within: PostgresConnection.readLimit)
                guard rows.count == 1 else { throw MessagingError.conversationNotFound }
                return try rows.requiredInt8(0, 0)
            }
            return [(tenant.text, keys)]
        }
        var tenant: String?
        if case .tenant(let named) = scope { tenant = named.text }
        let rows = try connection.run(
            """
            SELECT c.tenant_id, array_agg(c.key ORDER BY c.key) FROM postbox.conversations c
            WHERE $1 IS NULL OR c.tenant_id = $1 GROUP BY c.tenant_id ORDER BY c.tenant_id
            """, [.text(tenant)], within: nil)
        return try (0..<rows.count).map { (try rows.requiredText($0, 0), try rows.int8Array($0, 1)) }
    }

    /// Begins a new epoch, so that every client fetches everything again: for those who have put back a copy of the database that the
    /// server cannot tell from the original.
    ///
    /// - Parameter random: the source of the new epoch.
    /// - Returns: the new epoch.
    /// - Throws: ``PostgresStoreError``.
    @discardableResult
    public func beginEpoch(random: UInt64 = .random(in: .min ... .max)) throws -> Epoch {
        try change { connection in
            let epoch = Epoch(random: random)
            try connection.run("SELECT postbox.begin_epoch($1)", [.text(epoch.text)], within: nil)
            return (epoch, true)
        }
    }

    /// Writes the tables anew without removed data. It needs up to twice their size in free space, and blocks.
    ///
    /// The write-ahead log keeps removed data until it is recycled, and so do archives, replicas that are behind, and backups.
    ///
    /// - Throws: ``PostgresStoreError``; everything is as it was then.
    public func compact() throws {
        let connection = try connect()
        let limit = PostgresConnection.readLimit
        do {
            let owner = try connection.run(
                """
                SELECT current_user::text, bool_and(pg_catalog.pg_has_role(c.relowner, 'USAGE'))
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'postbox' AND c.relkind = 'r'
                """, within: limit)
            guard try owner.requiredBool(0, 1) else {
                throw PostgresStoreError.notTheOwner(role: try owner.requiredText(0, 0))
            }
            for table in ["users", "conversations", "participants", "messages", "feed"] {
                try connection.run("VACUUM (FULL, ANALYZE) postbox.\(table)", within: nil)
            }
        } catch let error as PostgresError {
            throw PostgresStoreError.connection(error)
        }
    }
}
