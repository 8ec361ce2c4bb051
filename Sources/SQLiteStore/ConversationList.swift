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
        /// How many people take part in a large conversation; nil where the rows of all are read.
        let largeCount: Int?
        /// How many messages by others come after the caller's marker.
        let unread: Int64
    }

    let db: Database
    let caller: Caller
    /// Says what the newest messages of a conversation are.
    let newest: NewestMessages

    /// The newest change number of the list; 0 where it is empty.
    func latestChange() throws -> Int64 {
        func change(_ query: String) throws -> Int64? {
            let statement = try db.cachedStatement(sql: query)
            return try Int64.fetchOne(statement, arguments: [caller.tenant.text, caller.user.text])
        }
        return try change(ListQuery.latestChange) ?? change(ListQuery.latestChangeOfLong) ?? 0
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
        let found = try entries(ListQuery.newest, orOfLong: ListQuery.newestOfLong, activity, limit + 1)
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
        let found = try entries(ListQuery.changed, orOfLong: ListQuery.changedOfLong, change, limit + 1)
            .sorted { $0.change < $1.change }
        let taken = found.prefix(limit)
        let isCut = found.count > limit
        let latestChange = try latestChange()
        return ConversationPage(
            conversations: try summaries(taken.sorted { $0.activity > $1.activity }, messages),
            latestChange: latestChange, position: isCut ? taken.last?.change ?? change : latestChange, olderBefore: nil)
    }

    private func entries(
        _ query: String, orOfLong queryOfLong: String, _ bound: Int64, _ limit: Int
    ) throws -> [Entry] {
        let found = try entries(query, bound, limit)
        return found.isEmpty ? try entries(queryOfLong, bound, limit) : found
    }

    private func entries(_ query: String, _ bound: Int64, _ limit: Int) throws -> [Entry] {
        let cursor = try Row.fetchCursor(
            db.cachedStatement(sql: query), arguments: [caller.tenant.text, caller.user.text, bound, limit])
        var entries: [Entry] = []
        while let row = try cursor.next() {
            entries.append(
                Entry(
                    key: row[0], id: ConversationID(trusted: row[1]), openedAt: Timestamp(milliseconds: row[2]),
                    lastN: row[3], activity: row[4], change: row[5], prunedUpTo: row[6], largeCount: row[7],
                    unread: row[8]))
        }
        return entries
    }

    private func summaries(_ entries: some Collection<Entry>, _ count: Int) throws -> [ConversationSummary] {
        let stored = StoredParticipants(db: db)
        let small = try stored.allWithPeople(
            in: entries.filter { $0.largeCount == nil }.map(\.key), of: caller.tenant)
        return try entries.map { entry in
            let members =
                try entry.largeCount == nil ? small[entry.key] : stored.shownWithPeople(in: entry.key, to: caller)
            guard let members else { preconditionFailure("a conversation in a list has no participants") }
            return try summary(entry, members, max(count, 1))
        }
    }

    private func summary(
        _ entry: Entry, _ members: StoredParticipants.Members, _ count: Int
    ) throws -> ConversationSummary {
        let conversation = Conversation(
            id: entry.id, key: entry.key, lastN: entry.lastN, prunedUpTo: entry.prunedUpTo,
            participants: members.participants)
        guard var marks = conversation.marks(for: caller.user) else {
            preconditionFailure("a list holds a conversation its owner does not take part in")
        }
        if entry.largeCount != nil, let (least, second) = try StoredParticipants(db: db).leastMarks(in: entry.key) {
            marks.others = marks.mine == least ? second : least
        }
        let messages = StoredMessages(db: db, key: entry.key)
        return ConversationSummary(
            conversation: conversation,
            participantCount: entry.largeCount ?? members.participants.count, people: members.people,
            marks: marks, unread: entry.unread,
            newest: try newest(conversation, count) { try messages.newest(count, upTo: entry.lastN) },
            openedAt: entry.openedAt)
    }
}
