import Foundation
import Messaging

extension PostgresStore {
    /// Leaves no trace of what was removed in the rows of the tables and the feed; blocks.
    ///
    /// Where no other node uses the database, it writes the tables anew, which needs up to twice their size in free space, and nothing can be
    /// read meanwhile. Beside other nodes it removes the dead rows and blocks nobody; their bytes stay in unused parts of the files until
    /// they are written over.
    ///
    /// The write-ahead log keeps removed data until it is recycled, and so do archives, replicas that are behind, and backups.
    ///
    /// - Throws: ``PostgresStoreError``.
    public func compact() throws {
        do {
            let connection = try PostgresConnection(address, role: .maintenance)
            try requireOwner(connection)
            let others = try trimFeed(connection)
            // Only the first one moves the rows that are left.
            let options = others ? "ANALYZE, INDEX_CLEANUP ON, TRUNCATE OFF" : "FULL, ANALYZE"
            for table in ["users", "conversations", "participants", "messages", "feed"] {
                try connection.run("VACUUM (\(options)) postbox.\(table)", within: nil)
            }
        } catch let error as PostgresError {
            throw PostgresStoreError.connection(error)
        }
    }

    private func requireOwner(_ connection: PostgresConnection) throws {
        let owner = try connection.run(
            """
            SELECT current_user::text, bool_and(pg_catalog.pg_has_role(c.relowner, 'USAGE'))
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'postbox' AND c.relkind = 'r'
            """, within: PostgresConnection.readLimit)
        guard try owner.requiredBool(0, 1) else {
            throw PostgresStoreError.notTheOwner(role: try owner.requiredText(0, 0))
        }
    }

    /// Removes the feed, which has the contents of the latest messages; returns whether there are other nodes.
    ///
    /// They have all of it by then: one that has not looked for longer than its D empties its memory at its next look.
    private func trimFeed(_ connection: PostgresConnection) throws(PostgresError) -> Bool {
        let rows = try connection.run(
            RemovalQuery.feed, [.int8(membership.node.id)], within: PostgresConnection.readLimit)
        let (newest, others) = (try rows.requiredInt8(0, 0), try rows.int4(0, 1))
        Thread.sleep(forTimeInterval: Double(others ?? 0) / 1000)
        try connection.run(RemovalQuery.trimFeed, [.int8(newest)], within: PostgresConnection.readLimit)
        return others != nil
    }
}
