import GRDB
import Messaging

extension OfflineDatabase {
    /// Takes away the messages that were sent before a moment.
    ///
    /// The moment is kept where anything was taken away, so that no import brings that back.
    ///
    /// Numbers go on where they were, and have no gaps: what is old goes from the beginning up to the first message that is not old. One
    /// that stands behind that, because a clock was wrong or a history came in late, loses its content instead.
    ///
    /// - Parameter random: the source of the new epoch.
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist; ``SQLiteStoreError``.
    public func prune(
        _ scope: PruneScope, before moment: Timestamp, random: UInt64
    ) throws -> PruneSummary {
        try change(random: random) { db in
            var pruned = PruneSummary()
            for key in try keys(of: scope, db) {
                let (removed, emptied) = try Self.prune(key, before: moment.milliseconds, db)
                pruned.removed += removed
                pruned.emptied += emptied
            }
            return (pruned, pruned != PruneSummary())
        }
    }

    private func keys(of scope: PruneScope, _ db: Database) throws -> [Int64] {
        switch scope {
        case .everything:
            return try Int64.fetchAll(db, sql: "SELECT key FROM conversations ORDER BY key")
        case .tenant(let tenant):
            return try Int64.fetchAll(
                db, sql: "SELECT key FROM conversations WHERE tenant_id = ? ORDER BY key", arguments: [tenant.text])
        case .conversations(let ids, let tenant):
            return try ids.map { id in
                guard let found = try StoredConversations(db: db).find(id, tenant: tenant) else {
                    throw MessagingError.conversationNotFound
                }
                return found.key
            }
        }
    }

    private static func prune(
        _ key: Int64, before moment: Int64, _ db: Database
    ) throws -> (removed: Int, emptied: Int) {
        let selection = try db.cachedStatement(
            sql: """
                SELECT coalesce((SELECT n - 1 FROM messages WHERE conversation_key = key AND sent_at_ms >= ?2
                    ORDER BY n LIMIT 1), last_n)
                FROM conversations WHERE key = ?1
                """)
        let last = try Int64.fetchOne(selection, arguments: [key, moment]) ?? 0
        let removed = try change("DELETE FROM messages WHERE conversation_key = ? AND n <= ?", [key, last], db)
        if removed > 0 {
            _ = try change("UPDATE conversations SET pruned_up_to = ?2 WHERE key = ?1", [key, last], db)
            // Pruned messages count as read.
            _ = try change(
                "UPDATE participants SET read_up_to = ?2 WHERE conversation_key = ?1 AND read_up_to < ?2", [key, last],
                db)
            try StoredConversations(db: db).updateLowestReadMarks(in: key)
        }
        let emptied = try change(
            "UPDATE messages SET content = '' WHERE conversation_key = ? AND sent_at_ms < ? AND content <> ''",
            [key, moment], db)
        if removed + emptied > 0 { try keep(moment, of: key, isAfterOthers: removed > 0, db) }
        return (removed, emptied)
    }

    /// Keeps the latest moment. Where one is missing because an earlier version pruned, only a prune that removed messages which that one
    /// had left is later for certain.
    private static func keep(_ moment: Int64, of key: Int64, isAfterOthers: Bool, _ db: Database) throws {
        _ = try change(
            """
            UPDATE conversations SET pruned_before_ms = max(ifnull(pruned_before_ms, ?2), ?2)
            WHERE key = ?1 AND (?3 OR pruned_up_to = 0 OR pruned_before_ms IS NOT NULL)
            """, [key, moment, isAfterOthers], db)
    }

    private static func change(_ sql: String, _ arguments: StatementArguments, _ db: Database) throws -> Int {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        return db.changesCount
    }
}
