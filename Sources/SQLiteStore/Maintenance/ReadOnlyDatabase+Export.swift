import GRDB
import Messaging

extension ReadOnlyDatabase {
    /// Exports everything that users can see, or what one of them can see, in one snapshot, as records from which an import makes the same
    /// data; blocks.
    ///
    /// The order is always the same: people, then conversation by conversation in the order of their opening, each with its messages
    /// and then its read markers.
    ///
    /// - Parameters:
    ///   - owner: the user whose view is exported; nil for everything.
    ///   - take: takes a record. An error that it throws ends the export and is rethrown.
    /// - Throws: ``SQLiteStoreError``.
    public func export(of owner: Caller?, _ take: (ImportRecord) throws -> Void) throws {
        try checkVersion()
        do {
            try read { db in
                try people(db, owner, take)
                let conversations = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT key, tenant_id, id, direct_low IS NOT NULL, opened_at_ms, \(prunedUpTo) AS pruned_up_to,
                            row_number() OVER (ORDER BY activity) AS activity, \(prunedBefore) AS pruned_before_ms
                        FROM conversations
                        WHERE ?2 IS NULL OR key IN (
                            SELECT conversation_key FROM participants WHERE tenant_id = ?1 AND user_id = ?2)
                        ORDER BY key
                        """, arguments: [owner?.tenant.text, owner?.user.text])
                while let row = try conversations.next() { try conversation(row, db, owner, take) }
            }
        } catch let error as DatabaseError {
            throw Self.failure(error, path)
        } catch let error as MessagingError {
            throw SQLiteStoreError.other(path: path, reason: "\(error); postbox check says more")
        }
    }

    private func people(_ db: Database, _ owner: Caller?, _ take: (ImportRecord) throws -> Void) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant_id, id, name, company FROM users
                WHERE ?2 IS NULL OR (tenant_id = ?1 AND (id = ?2 OR id IN (
                    SELECT q.user_id FROM participants p JOIN participants q ON q.conversation_key = p.conversation_key
                    WHERE p.tenant_id = ?1 AND p.user_id = ?2)))
                ORDER BY tenant_id, id
                """, arguments: [owner?.tenant.text, owner?.user.text])
        while let row = try rows.next() {
            try take(
                .person(
                    Person(id: UserID(trusted: row[1]), name: row[2], company: row[3]), TenantID(trusted: row[0])))
        }
    }

    private func conversation(
        _ row: Row, _ db: Database, _ owner: Caller?, _ take: (ImportRecord) throws -> Void
    ) throws {
        let (key, pruned): (Int64, Int64) = (row[0], row[5])
        let (tenant, id) = (TenantID(trusted: row[1]), ConversationID(trusted: row[2]))
        let participants = try StoredParticipants(db: db).all(in: key)
        let newConversation = try NewConversation(id: id, participants: participants.map(\.user), isDirect: row[3])
        try take(
            .conversation(
                newConversation, tenant, openedAt: Timestamp(milliseconds: row[4]),
                pruning: Pruning(upTo: pruned, before: (row[7] as Int64?).map(Timestamp.init(milliseconds:))),
                activity: row[6]))
        try StoredMessages(db: db, key: key).forEach { message in
            let content = message.content.isEmpty ? nil : try MessageContent(history: message.content)
            let record = ImportedMessage(
                conversation: id, sender: message.sender, content: content, sentAt: message.sentAt,
                clientMessageID: message.clientMessageID)
            try take(.message(record, tenant))
        }
        for participant in participants
        where participant.readUpTo > pruned && (owner == nil || owner?.user == participant.user) {
            try take(.read(id, participant.user, tenant, upTo: participant.readUpTo))
        }
    }
}
