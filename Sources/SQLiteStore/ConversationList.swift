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
        let prunedUpTo: Int64
        /// How many messages by others come after the caller's marker.
        let unread: Int64
    }

    let db: Database
    let caller: Caller
    /// Says what the newest messages of a conversation are.
    let newest: NewestMessages

    private static let selection = """
        SELECT c.key, c.id, c.opened_at_ms, c.last_n, c.activity, max(c.change, p.change) AS change,
            p.read_up_to, c.pruned_up_to
        FROM participants p CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE p.tenant_id = ?1 AND p.user_id = ?2
        """

    /// The first entries of a selection in this order; they come in any.
    private static func entries(_ selection: String, by order: String) -> String {
        """
        SELECT key, id, opened_at_ms, last_n, activity, change, pruned_up_to,
            \(StoredMessages.unread(by: "?2", in: "e.key", after: "e.read_up_to", lastN: "e.last_n"))
        FROM (\(selection) ORDER BY \(order) LIMIT ?4) e
        """
    }

    private static let newestEntries = entries("\(selection) AND c.activity < ?3", by: "activity DESC")
    private static let changedEntries = entries("\(selection) AND max(c.change, p.change) > ?3", by: "change")

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
        switch window {
        case .newest: try page(activeBefore: .max, limit, messages)
        case .before(let activity): try page(activeBefore: activity, limit, messages)
        case .since(let change): try page(changedAfter: change, limit, messages)
        }
    }

    /// A page and the position to go on from.
    ///
    /// Whoever has an older page may have got the newer ones long ago, so its position is just below them.
    private func page(
        activeBefore activity: Int64, _ limit: Int, _ messages: Int
    ) throws -> ConversationPage {
        let found = try entries(db.cachedStatement(sql: Self.newestEntries), activity, limit + 1)
            .sorted { $0.activity > $1.activity }
        let taken = found.prefix(limit)
        // Where the page is the whole list, the latest change is in it.
        let isAll = activity == .max && found.count <= limit
        let latestChange = isAll ? found.map(\.change).max() ?? 0 : try latestChange()
        return ConversationPage(
            conversations: try summaries(taken, messages), latestChange: latestChange,
            position: min(max(activity - 1, 0), latestChange),
            olderBefore: found.count > limit ? taken.last?.activity : nil)
    }

    /// What changed first comes first, so that a client which follows the position skips nothing.
    private func page(
        changedAfter change: Int64, _ limit: Int, _ messages: Int
    ) throws -> ConversationPage {
        let found = try entries(db.cachedStatement(sql: Self.changedEntries), change, limit + 1)
            .sorted { $0.change < $1.change }
        let taken = found.prefix(limit)
        let isCut = found.count > limit
        let latestChange = try latestChange()
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
                    lastN: row[3], activity: row[4], change: row[5], prunedUpTo: row[6], unread: row[7]))
        }
        return entries
    }

    private func summaries(_ entries: some Collection<Entry>, _ count: Int) throws -> [ConversationSummary] {
        let members = try StoredParticipants(db: db).allWithPeople(in: entries.map(\.key))
        return try entries.map { entry in
            guard let members = members[entry.key] else {
                preconditionFailure("a conversation in a list has no participants")
            }
            let messages = StoredMessages(db: db, key: entry.key)
            let conversation = Conversation(
                id: entry.id, key: entry.key, lastN: entry.lastN, prunedUpTo: entry.prunedUpTo,
                participants: members.participants)
            return ConversationSummary(
                conversation: conversation, people: members.people, unread: entry.unread,
                newest: try newest(conversation, max(count, 1)) {
                    try messages.newest(max(count, 1), upTo: entry.lastN)
                },
                openedAt: entry.openedAt)
        }
    }
}
