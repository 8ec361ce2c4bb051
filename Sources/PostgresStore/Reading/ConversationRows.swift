import Messaging

/// Conversations as the functions `find_conversation`, `find_direct` and `get_conversation` of the schema return them.
struct ConversationRows {
    let rows: PostgresRows
    /// The column of the first value.
    var first: Int = 0

    /// The conversation in this row.
    func conversation(_ row: Int) throws(PostgresError) -> Conversation {
        let (users, marks) = (try rows.textArray(row, first + 5), try rows.int8Array(row, first + 6))
        return Conversation(
            id: ConversationID(trusted: try rows.requiredText(row, first + 1)),
            key: try rows.requiredInt8(row, first), lastN: try rows.requiredInt8(row, first + 2),
            prunedUpTo: try rows.requiredInt8(row, first + 3), revision: try rows.requiredInt8(row, first + 7),
            change: try rows.requiredInt8(row, first + 4),
            participants: try Self.participants(users, marks))
    }

    /// Participants of their ids and read markers, which come ordered by id.
    static func participants(
        _ users: some Collection<String?>, _ marks: some Collection<Int64>
    ) throws(PostgresError) -> [Conversation.Participant] {
        guard users.count == marks.count else { throw .malformed("participants without read markers") }
        var participants: [Conversation.Participant] = []
        participants.reserveCapacity(users.count)
        for (user, mark) in zip(users, marks) {
            guard let user else { throw .malformed("a participant without an id") }
            participants.append(Conversation.Participant(user: UserID(trusted: user), readUpTo: mark))
        }
        return participants
    }
}
