import GRDB
import Messaging

/// One caller's list of conversations.
struct ConversationList {
    private struct Entry {
        let key: Int64
        let id: ConversationID
        let openedAt: Timestamp
        let lastN: Int64
        let activity: Int64
        /// The latest change that the caller sees.
        let change: Int64
        let readUpTo: Int64
        let prunedUpTo: Int64
    }

    let db: Database
    let caller: Caller
    /// Gives the newest messages of a conversation where memory has them.
    let recall: (Conversation, Int) -> [Message]?

    private static let selection = """
        SELECT c.key, c.id, c.opened_at_ms, c.last_n, c.activity, max(c.change, p.change), p.read_up_to, c.pruned_up_to
        FROM participants p CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE p.tenant_id = ? AND p.user_id = ?
        """

    /// The newest change number of the list; 0 where it is empty.
    func latestChange() throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: """
                SELECT max(max(c.change, p.change))
                FROM participants p CROSS JOIN conversations c ON c.key = p.conversation_key
                WHERE p.tenant_id = ? AND p.user_id = ?
                """)
        return try Int64.fetchOne(statement, arguments: [caller.tenant.text, caller.user.text]) ?? 0
    }

    /// A part of the list; all of it must be read in one transaction.
    func page(_ window: ListWindow, limit: Int, messages: Int) throws -> ConversationPage {
        let latestChange = try latestChange()
        switch window {
        case .newest:
            return try page(activeBefore: .max, limit, messages, latestChange)
        case .before(let activity):
            return try page(activeBefore: activity, limit, messages, latestChange)
        case .since(let change):
            return try page(changedAfter: change, limit, messages, latestChange)
        }
    }

    /// A page and the position to go on from.
    ///
    /// Whoever has an older page may have got the newer ones long ago, so its position is just below them.
    private func page(
        activeBefore activity: Int64, _ limit: Int, _ messages: Int, _ latestChange: Int64
    ) throws -> ConversationPage {
        let statement = try db.cachedStatement(
            sql: """
                \(Self.selection) AND c.activity < ?
                ORDER BY c.activity DESC LIMIT ?
                """)
        let found = try entries(statement, activity, limit + 1)
        let taken = found.prefix(limit)
        return ConversationPage(
            conversations: try summaries(taken, messages), latestChange: latestChange,
            position: min(max(activity - 1, 0), latestChange),
            olderBefore: found.count > limit ? taken.last?.activity : nil)
    }

    /// What changed first comes first, so that a client which follows the position skips nothing.
    private func page(
        changedAfter change: Int64, _ limit: Int, _ messages: Int, _ latestChange: Int64
    ) throws -> ConversationPage {
        let statement = try db.cachedStatement(
            sql: """
                \(Self.selection) AND max(c.change, p.change) > ?
                ORDER BY max(c.change, p.change) LIMIT ?
                """)
        let found = try entries(statement, change, limit + 1)
        let taken = found.prefix(limit)
        let isCut = found.count > limit
        return ConversationPage(
            conversations: try summaries(taken.sorted { $0.activity > $1.activity }, messages),
            latestChange: latestChange, position: isCut ? taken.last?.change ?? change : latestChange, olderBefore: nil)
    }

    private func entries(_ statement: Statement, _ bound: Int64, _ limit: Int) throws -> [Entry] {
        let cursor = try Row.fetchCursor(
            statement, arguments: [caller.tenant.text, caller.user.text, bound, limit])
        var entries: [Entry] = []
        while let row = try cursor.next() {
            entries.append(
                Entry(
                    key: row[0], id: ConversationID(trusted: row[1]), openedAt: Timestamp(milliseconds: row[2]),
                    lastN: row[3], activity: row[4], change: row[5], readUpTo: row[6], prunedUpTo: row[7]))
        }
        return entries
    }

    private func summaries(_ entries: some Collection<Entry>, _ count: Int) throws -> [ConversationSummary] {
        let members = try StoredParticipants(db: db).allWithPeople(in: entries.map(\.key))
        return try entries.map { entry in
            guard let (participants, people) = members[entry.key] else {
                preconditionFailure("a conversation in a list has no participants")
            }
            let messages = StoredMessages(db: db, key: entry.key)
            let conversation = Conversation(
                id: entry.id, key: entry.key, lastN: entry.lastN, prunedUpTo: entry.prunedUpTo,
                participants: participants)
            return ConversationSummary(
                conversation: conversation, people: people,
                unread: try messages.unread(by: caller.user, after: entry.readUpTo, lastN: entry.lastN),
                newest: try recall(conversation, max(count, 1)) ?? messages.newest(max(count, 1)),
                openedAt: entry.openedAt)
        }
    }
}
