import Messaging

/// One entry of a list, without its messages.
struct ListEntry {
    /// The conversation; of its participants, those that are shown.
    let conversation: Conversation
    private let participantCount: Int
    private let people: [Person]
    private let marks: ReadMarks
    private let unread: Int64
    private let openedAt: Timestamp
    private let activity: Int64
    private let change: Int64

    /// Reads a row of ``ListQuery``; its entry begins at the column `first`.
    init(_ rows: PostgresRows, _ row: Int, from first: Int, seenBy viewer: UserID) throws(PostgresError) {
        let (users, readUpTo) = (try rows.textArray(row, first + 12), try rows.int8Array(row, first + 13))
        let (names, companies) = (try rows.textArray(row, first + 14), try rows.textArray(row, first + 15))
        let conversation = Conversation(
            id: ConversationID(trusted: try rows.requiredText(row, first + 1)),
            key: try rows.requiredInt8(row, first), lastN: try rows.requiredInt8(row, first + 3),
            prunedUpTo: try rows.requiredInt8(row, first + 7), revision: try rows.requiredInt8(row, first + 16),
            change: try rows.requiredInt8(row, first + 6),
            participants: try ConversationRows.participants(users, readUpTo))
        guard names.count == users.count, companies.count == users.count,
            var marks = conversation.marks(for: viewer)
        else { throw .malformed("an entry of a list without its owner") }
        let count = try rows.int4(row, first + 9).map { Int($0) }
        if let count, count > users.count, let lowest = try rows.int8(row, first + 10),
            let second = try rows.int8(row, first + 11)
        {
            marks.othersReadUpTo = marks.viewerReadUpTo == lowest ? second : lowest
        }
        self.conversation = conversation
        participantCount = count ?? users.count
        people = users.indices.map { place in
            Person(id: conversation.participants[place].user, name: names[place], company: companies[place])
        }
        self.marks = marks
        unread = try rows.requiredInt8(row, first + 8)
        openedAt = Timestamp(milliseconds: try rows.requiredInt8(row, first + 2))
        activity = try rows.requiredInt8(row, first + 4)
        change = try rows.requiredInt8(row, first + 5)
    }

    /// The entry with its newest messages.
    func summary(newest: PackedMessages) -> ConversationSummary {
        ConversationSummary(
            conversation: conversation, participantCount: participantCount, people: people, marks: marks,
            unread: unread, newest: newest, openedAt: openedAt, activity: activity, change: change)
    }
}
