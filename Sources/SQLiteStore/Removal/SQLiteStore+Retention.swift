import GRDB
import Messaging

extension SQLiteStore: RetentionStore {
    /// How many conversations one step looks at.
    private static let conversationsAtOnce = 1000

    /// The rules of the tenants that have one.
    public func retentions() throws -> [TenantID: Retention] {
        try look { db in
            var found: [TenantID: Retention] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT tenant_id, age FROM retention") {
                // What cannot be read removes nothing.
                found[TenantID(trusted: row[0])] = (row[1] as String?).flatMap(Retention.init) ?? .forever
            }
            return found
        }
    }

    /// Sets a tenant's rule; nil removes it.
    public func setRetention(_ retention: Retention?, of tenant: TenantID) throws {
        try writer.performBlocking { transaction in
            guard let retention else {
                try transaction.db.execute(
                    sql: "DELETE FROM retention WHERE tenant_id = ?", arguments: [tenant.text])
                return
            }
            try transaction.db.execute(
                sql: """
                    INSERT INTO retention (tenant_id, age) VALUES (?, ?)
                    ON CONFLICT (tenant_id) DO UPDATE SET age = excluded.age
                    """, arguments: [tenant.text, retention == .forever ? nil : retention.text])
        }
    }

    /// Looks for overdue conversations among the next ones after a key.
    public func overdue(
        after key: Int64, _ rules: RetentionRules, now: Timestamp
    ) throws -> (found: [OverdueConversation], last: Int64?) {
        try look { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT c.key, c.tenant_id, (SELECT sent_at_ms FROM messages
                        WHERE conversation_key = c.key AND n = c.pruned_up_to + 1)
                    FROM conversations c WHERE c.key > ? ORDER BY c.key LIMIT ?
                    """)
            let cursor = try Row.fetchCursor(statement, arguments: [key, Self.conversationsAtOnce])
            var (found, last, count) = ([OverdueConversation](), key, 0)
            while try cursor.next() != nil {
                (last, count) = (statement.number(0), count + 1)
                let tenant = TenantID(trusted: try statement.requiredText(1))
                guard let cutoff = rules.retention(of: tenant).cutoff(now: now),
                    let oldest = statement.optionalNumber(2), oldest < cutoff.milliseconds
                else { continue }
                found.append(
                    OverdueConversation(key: last, cutoff: cutoff, oldest: Timestamp(milliseconds: oldest)))
            }
            return (found, count == Self.conversationsAtOnce ? last : nil)
        }
    }

    /// Removes the first of the messages of a conversation that are too old.
    public func removeOverdue(_ conversation: OverdueConversation) throws -> Int {
        let limit = retentionSize.withLock(\.messages)
        let (removed, held) = try step { transaction in
            var position = RemovalPosition()
            return try transaction.prune(
                [conversation.key], before: conversation.cutoff, emptiesOthers: false, from: &position, limit: limit
            ).removed
        }
        retentionSize.withLock { $0.took(held) }
        return removed
    }
}
