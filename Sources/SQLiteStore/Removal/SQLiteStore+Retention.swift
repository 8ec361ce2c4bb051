import GRDB
import Messaging
import StoreWork

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

    /// Looks for overdue conversations among the next ones after a place.
    public func overdue(
        after place: RetentionPlace?, _ rules: RetentionRules, now: Timestamp
    ) throws -> (found: [OverdueConversation], last: RetentionPlace?) {
        try look { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT c.key, c.tenant_id, (SELECT sent_at_ms FROM messages
                        WHERE conversation_key = c.key AND n = c.pruned_up_to + 1)
                    FROM conversations c WHERE c.key > ? ORDER BY c.key LIMIT ?
                    """)
            let cursor = try Row.fetchCursor(statement, arguments: [place?.key ?? 0, Self.conversationsAtOnce])
            var (found, last, count) = ([OverdueConversation](), place, 0)
            while try cursor.next() != nil {
                let next = RetentionPlace(
                    tenant: TenantID(trusted: try statement.requiredText(1)), key: statement.number(0))
                let oldest = statement.optionalNumber(2).map(Timestamp.init(milliseconds:))
                if let overdue = rules.overdue(next, oldest: oldest, now: now) { found.append(overdue) }
                (last, count) = (next, count + 1)
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
                [conversation.place.key], before: conversation.cutoff, emptiesOthers: false, from: &position,
                limit: limit
            ).removed
        }
        retentionSize.withLock { $0.took(held) }
        return removed
    }
}
