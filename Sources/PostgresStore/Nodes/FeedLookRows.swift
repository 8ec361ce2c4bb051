import Messaging

/// Reads looks at the feed from the rows of a statement.
enum FeedLookRows {
    /// Looks for what was committed after a position; where that is nil, only for the newest position.
    ///
    /// - Parameter confirmed: whether a synchronous standby must confirm that it has what was found.
    /// - Returns: what was found, and the timeline of the server.
    /// - Throws: ``PostgresError/otherEpoch`` where the server is another than the one that the epoch began on;
    ///   ``PostgresError/noStandby`` where no standby has confirmed it.
    static func look(
        _ connection: PostgresConnection, after position: Int64?, confirmed: Bool = false, within limit: Duration
    ) throws(PostgresError) -> (look: FeedLook, timeline: Int32) {
        let warnings = connection.warnings
        let rows: PostgresRows
        do {
            rows = try connection.runOften(
                confirmed ? NodeQuery.confirmedLook : NodeQuery.look, [.int8(position ?? .max)], within: limit)
        } catch PostgresError.refused("22012", _) where confirmed {
            throw .noStandby
        }
        if confirmed, try !connection.isConfirmed(since: warnings) { throw .noStandby }
        guard let epoch = Epoch(try rows.requiredText(0, 0)) else { throw .malformed("an epoch of another form") }
        guard try rows.requiredBool(0, 1) else { throw .otherEpoch }
        let trimmed = try rows.requiredInt8(0, 2)
        var found: [FeedRow] = []
        for row in 0..<rows.count {
            guard let position = try rows.int8(row, 4) else { continue }
            found.append(try self.row(row, at: position, rows))
        }
        let look = FeedLook(epoch: epoch, trimmedUpTo: trimmed, newest: try rows.int8(0, 3) ?? trimmed, rows: found)
        return (look, try rows.requiredInt4(0, 10))
    }

    private static func row(
        _ row: Int, at position: Int64, _ rows: PostgresRows
    ) throws(PostgresError) -> FeedRow {
        let numbers = try rows.int8Array(row, 5)
        var lists: [Commit.ListChange]?
        if try rows.bytes(row, 7) != nil {
            let (users, changes) = (try rows.textArray(row, 7), try rows.int8Array(row, 8))
            guard users.count == changes.count else { throw .malformed("lists whose parts do not match") }
            lists = zip(users, changes).compactMap { user, change in
                user.map { Commit.ListChange(user: UserID(trusted: $0), change: change) }
            }
        }
        let payload = FeedPayload(bytes: Array(try rows.requiredBytes(row, 9)))
        return FeedRow(
            position: position, numbers: numbers, marks: try rows.int8Array(row, 6), markedLists: lists,
            payload: payload.map { named($0, key: numbers.first) })
    }

    /// Names the conversation that was opened by its key, which the node that wrote the row did not know yet.
    private static func named(_ payload: FeedPayload, key: Int64?) -> FeedPayload {
        guard payload.changes.count == 1, case .opened(let opened) = payload.changes[0], let key else { return payload }
        return FeedPayload([
            .opened(
                FeedConversation(tenant: opened.tenant, key: key, id: opened.id, participants: opened.participants))
        ])
    }

    /// The id and the participants of a conversation, which never change; nil where there is none.
    static func conversation(
        _ key: Int64, of tenant: TenantID, _ connection: PostgresConnection, within limit: Duration
    ) throws(PostgresError) -> FeedConversation? {
        let rows = try connection.runOften(NodeQuery.conversation, [.text(tenant.text), .int8(key)], within: limit)
        guard rows.count == 1 else { return nil }
        return FeedConversation(
            tenant: tenant, key: key, id: ConversationID(trusted: try rows.requiredText(0, 0)),
            participants: try rows.textArray(0, 1).compactMap { $0.map { UserID(trusted: $0) } })
    }
}
