import Messaging

extension ReadOnlyPostgres {
    /// How many rows are read at a time.
    private static let step = 500

    /// Exports everything that users can see, or what one of them can see, in one snapshot, as records from which an import makes the same
    /// data; blocks.
    ///
    /// The order is always the same: people, then conversation by conversation in the order of their opening, each with its messages
    /// and then its read markers.
    ///
    /// - Parameters:
    ///   - owner: the user whose view is exported; nil for everything.
    ///   - take: takes a record. An error that it throws ends the export and is rethrown.
    /// - Throws: ``PostgresStoreError``.
    public func export(of owner: Caller?, _ take: (ImportRecord) throws -> Void) throws {
        do {
            try read { connection in
                try people(connection, owner, take)
                try rows(
                    of: """
                        SELECT c.key, c.tenant_id, c.id, c.direct_low IS NOT NULL, c.opened_at_ms, c.pruned_up_to,
                            row_number() OVER (ORDER BY c.activity), c.pruned_before_ms, c.last_n,
                            ARRAY(SELECT p.user_id FROM postbox.participants p
                                WHERE p.tenant_id = c.tenant_id AND p.conversation_key = c.key ORDER BY p.user_id),
                            ARRAY(SELECT p.read_up_to FROM postbox.participants p
                                WHERE p.tenant_id = c.tenant_id AND p.conversation_key = c.key ORDER BY p.user_id)
                        FROM postbox.conversations c
                        WHERE $2 IS NULL OR (c.tenant_id = $1 AND EXISTS (SELECT 1 FROM postbox.participants p
                            WHERE p.tenant_id = $1 AND p.conversation_key = c.key AND p.user_id = $2))
                        ORDER BY c.key
                        """, seenBy: owner, connection
                ) { rows, row in
                    let conversation = try ExportedConversation(rows, row)
                    try take(conversation.record())
                    try messages(of: conversation, connection, take)
                    for record in conversation.readMarkers(of: owner?.user) { try take(record) }
                }
            }
        } catch let error as MessagingError {
            throw PostgresStoreError.damaged(reason: "\(error); postbox check says more")
        }
    }

    private func people(
        _ connection: PostgresConnection, _ owner: Caller?, _ take: (ImportRecord) throws -> Void
    ) throws {
        try rows(
            of: """
                SELECT u.tenant_id, u.id, u.name, u.company FROM postbox.users u
                WHERE $2 IS NULL OR (u.tenant_id = $1 AND (u.id = $2 OR u.id IN (
                    SELECT q.user_id FROM postbox.participants p JOIN postbox.participants q
                        ON q.tenant_id = p.tenant_id AND q.conversation_key = p.conversation_key
                    WHERE p.tenant_id = $1 AND p.user_id = $2)))
                ORDER BY u.tenant_id, u.id
                """, seenBy: owner, connection
        ) { rows, row in
            let id = UserID(trusted: try rows.requiredText(row, 1))
            let person = Person(id: id, name: try rows.text(row, 2), company: try rows.text(row, 3))
            try take(.person(person, TenantID(trusted: try rows.requiredText(row, 0))))
        }
    }

    /// Visits all rows of a statement, by a cursor of the server; `$1 text` is the owner's tenant and `$2 text` the owner, NULL for all.
    private func rows(
        of sql: String, seenBy owner: Caller?, _ connection: PostgresConnection,
        _ visit: (PostgresRows, Int) throws -> Void
    ) throws {
        try connection.run(
            "DECLARE exported NO SCROLL CURSOR FOR \(sql)", [.text(owner?.tenant.text), .text(owner?.user.text)],
            within: nil)
        while true {
            let rows = try connection.run("FETCH \(Self.step) FROM exported", within: nil)
            for row in 0..<rows.count { try visit(rows, row) }
            guard rows.count == Self.step else { break }
        }
        try connection.run("CLOSE exported", within: nil)
    }

    private func messages(
        of conversation: ExportedConversation, _ connection: PostgresConnection,
        _ take: (ImportRecord) throws -> Void
    ) throws {
        var last = conversation.pruning.upTo
        while last < conversation.lastN {
            let rows = try connection.runOften(
                """
                SELECT m.n, m.sender_id, m.content, m.sent_at_ms, m.client_message_id FROM postbox.messages m
                WHERE m.tenant_id = $1 AND m.conversation_key = $2 AND m.n > $3 ORDER BY m.n LIMIT $4
                """,
                [
                    .text(conversation.tenant.text), .int8(conversation.key), .int8(last), .int8(Int64(Self.step)),
                ], within: nil)
            for row in 0..<rows.count {
                last = try rows.requiredInt8(row, 0)
                let text = try rows.requiredText(row, 2)
                let message = ImportedMessage(
                    conversation: conversation.id, sender: UserID(trusted: try rows.requiredText(row, 1)),
                    content: text.isEmpty ? nil : try MessageContent(history: text),
                    sentAt: Timestamp(milliseconds: try rows.requiredInt8(row, 3)),
                    clientMessageID: try rows.text(row, 4))
                try take(.message(message, conversation.tenant))
            }
            guard rows.count == Self.step else { break }
        }
    }
}

/// A row of a conversation while it is exported.
private struct ExportedConversation {
    let key: Int64
    let tenant: TenantID
    let id: ConversationID
    let isDirect: Bool
    let openedAt: Timestamp
    let pruning: Pruning
    let activity: Int64
    let lastN: Int64
    let users: [UserID]
    let marks: [Int64]

    init(_ rows: PostgresRows, _ row: Int) throws {
        key = try rows.requiredInt8(row, 0)
        tenant = TenantID(trusted: try rows.requiredText(row, 1))
        id = ConversationID(trusted: try rows.requiredText(row, 2))
        isDirect = try rows.requiredBool(row, 3)
        openedAt = Timestamp(milliseconds: try rows.requiredInt8(row, 4))
        pruning = Pruning(
            upTo: try rows.requiredInt8(row, 5), before: try rows.int8(row, 7).map(Timestamp.init(milliseconds:)))
        activity = try rows.requiredInt8(row, 6)
        lastN = try rows.requiredInt8(row, 8)
        users = try rows.textArray(row, 9).compactMap { $0.map(UserID.init(trusted:)) }
        marks = try rows.int8Array(row, 10)
    }

    func record() throws -> ImportRecord {
        let opening = try NewConversation(id: id, participants: users, isDirect: isDirect)
        return .conversation(opening, tenant, openedAt: openedAt, pruning: pruning, activity: activity)
    }

    /// The read marker of one user, or those of all.
    func readMarkers(of owner: UserID?) -> [ImportRecord] {
        zip(users, marks).compactMap { user, mark in
            mark > pruning.upTo && (owner == nil || owner == user) ? .read(id, user, tenant, upTo: mark) : nil
        }
    }
}
