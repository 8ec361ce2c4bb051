import Messaging
import StoreWork

extension PostgresStore: RetentionStore {
    /// How many conversations one step looks at.
    private static let conversationsAtOnce = 1000
    /// What the removal of old messages is called among the duties of nodes.
    private static let duty = PostgresValue.text("retention")

    /// The rules of the tenants that have one.
    public func retentions() throws -> [TenantID: Retention] {
        try operating { connection in
            let rows = try connection.run(RemovalQuery.rules, within: PostgresConnection.readLimit)
            var found: [TenantID: Retention] = [:]
            for row in 0..<rows.count {
                // What cannot be read removes nothing.
                found[TenantID(trusted: try rows.requiredText(row, 0))] =
                    try rows.text(row, 1).flatMap(Retention.init) ?? .forever
            }
            return found
        }
    }

    /// Sets a tenant's rule; nil removes it.
    public func setRetention(_ retention: Retention?, of tenant: TenantID) throws {
        try operating { connection in
            guard let retention else {
                try connection.run(
                    RemovalQuery.removeRule, [.text(tenant.text)], within: PostgresConnection.readLimit)
                return
            }
            try connection.run(
                RemovalQuery.setRule, [.text(tenant.text), .text(retention == .forever ? nil : retention.text)],
                within: PostgresConnection.readLimit)
        }
    }

    /// Takes on the removal; returns false where another node has taken it on.
    public func beginRetention() throws -> Bool {
        try operating { connection in
            let rows = try connection.run(
                RemovalQuery.takeOn, [Self.duty, .int8(membership.node.id)], within: PostgresConnection.readLimit)
            return rows.count > 0
        }
    }

    /// Gives the removal up. Where that fails, another node can take it on once this one has ended.
    public func endRetention() {
        _ = try? operating { connection in
            try connection.run(
                RemovalQuery.giveUp, [Self.duty, .int8(membership.node.id)], within: PostgresConnection.readLimit)
        }
    }

    /// Looks for overdue conversations among the next ones after a place.
    public func overdue(
        after place: RetentionPlace?, _ rules: RetentionRules, now: Timestamp
    ) throws -> (found: [OverdueConversation], last: RetentionPlace?) {
        try operating { connection in
            let rows = try connection.run(
                RemovalQuery.oldest,
                [.text(place?.tenant.text ?? ""), .int8(place?.key ?? 0), .int8(Int64(Self.conversationsAtOnce))],
                within: PostgresConnection.readLimit)
            var (found, last) = ([OverdueConversation](), place)
            for row in 0..<rows.count {
                let next = RetentionPlace(
                    tenant: TenantID(trusted: try rows.requiredText(row, 0)), key: try rows.requiredInt8(row, 1))
                let oldest = try rows.int8(row, 2).map(Timestamp.init(milliseconds:))
                if let overdue = rules.overdue(next, oldest: oldest, now: now) { found.append(overdue) }
                last = next
            }
            return (found, rows.count == Self.conversationsAtOnce ? last : nil)
        }
    }

    /// Removes the first of the messages of a conversation that are too old.
    public func removeOverdue(_ conversation: OverdueConversation) throws -> Int {
        try remove(
            .old(
                before: conversation.cutoff, in: [conversation.place.key], emptiesOthers: false, from: RemovalPosition()
            ), conversation.place.tenant
        ).removed
    }
}
