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
        let revision: Int64
        /// The latest change that all participants see.
        let sharedChange: Int64
        /// How many people take part in a large conversation; nil where the rows of all are read.
        let largeCount: Int?
        /// How many messages by others come after the caller's marker.
        let unread: Int64
    }

    let db: Database
    let caller: Caller
    /// Returns the newest messages of a conversation.
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
    func page(_ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds) throws -> ConversationPage {
        switch window {
        case .newest: try page(activeBefore: .max, bounds, embedded)
        case .before(let activity): try page(activeBefore: activity, bounds, embedded)
        case .since(let change): try page(changedAfter: change, bounds, embedded)
        }
    }

    /// One conversation with all its participants; nil where the caller does not take part.
    func entry(_ key: Int64, embedded: PageBounds) throws -> ConversationSummary? {
        guard let entry = try entries(ListQuery.one, key, 1).first,
            let members = try StoredParticipants(db: db).allWithPeople(in: [key], of: caller.tenant)[key]
        else { return nil }
        return try summary(entry, members, embedded)
    }

    /// A page and the position to go on from.
    ///
    /// A client that asks for an older page may have fetched the newer ones long ago, so its position is just below them.
    private func page(
        activeBefore activity: Int64, _ bounds: PageBounds, _ embedded: PageBounds
    ) throws -> ConversationPage {
        let found = try entries(ListQuery.newest, orOfLong: ListQuery.newestOfLong, activity, bounds.countToRead)
            .sorted { $0.activity > $1.activity }
        let taken = try summaries(found.prefix(bounds.count), bounds, embedded)
        let isCut = taken.count < found.count
        // Where the page is the whole list, the latest change is in it.
        let isAll = activity == .max && !isCut
        let latestChange = isAll ? found.map(\.change).max() ?? 0 : try latestChange()
        return ConversationPage(
            conversations: taken, latestChange: latestChange, position: min(max(activity - 1, 0), latestChange),
            olderBefore: isCut ? taken.last?.activity : nil)
    }

    /// The earliest change comes first, so that a client which follows the position misses nothing.
    private func page(
        changedAfter change: Int64, _ bounds: PageBounds, _ embedded: PageBounds
    ) throws -> ConversationPage {
        let found = try entries(ListQuery.changed, orOfLong: ListQuery.changedOfLong, change, bounds.countToRead)
            .sorted { $0.change < $1.change }
        let taken = try summaries(found.prefix(bounds.count), bounds, embedded)
        let isCut = taken.count < found.count
        let latestChange = try latestChange()
        return ConversationPage(
            conversations: taken.sorted { $0.activity > $1.activity }, latestChange: latestChange,
            position: isCut ? taken.last?.change ?? change : latestChange, olderBefore: nil)
    }

    private func entries(
        _ query: String, orOfLong queryOfLong: String, _ bound: Int64, _ limit: Int
    ) throws -> [Entry] {
        let found = try entries(query, bound, limit)
        return found.isEmpty ? try entries(queryOfLong, bound, limit) : found
    }

    private func entries(_ query: String, _ bound: Int64, _ limit: Int) throws -> [Entry] {
        let row = try db.cachedStatement(sql: query)
        let rows = try Rows(of: row, caller.tenant.text, caller.user.text, bound, limit)
        var entries: [Entry] = []
        while try rows.next() {
            entries.append(
                Entry(
                    key: row.number(0), id: ConversationID(trusted: try row.requiredText(1)),
                    openedAt: Timestamp(milliseconds: row.number(2)), lastN: row.number(3), activity: row.number(4),
                    change: row.number(5), prunedUpTo: row.number(6), revision: row.number(9),
                    sharedChange: row.number(8), largeCount: row.optionalNumber(7).map { Int($0) },
                    unread: row.number(10)))
        }
        return entries
    }

    /// How many conversations' people are read at a time.
    private static let step = 25

    /// The first of these entries, as many as the bounds need.
    private func summaries(
        _ entries: ArraySlice<Entry>, _ bounds: PageBounds, _ embedded: PageBounds
    ) throws -> [ConversationSummary] {
        let stored = StoredParticipants(db: db)
        var (found, size) = ([ConversationSummary](), 0)
        for start in stride(from: entries.startIndex, to: entries.endIndex, by: Self.step) {
            let part = entries[start..<min(start + Self.step, entries.endIndex)]
            let small = try stored.allWithPeople(
                in: part.compactMap { $0.largeCount == nil ? $0.key : nil }, of: caller.tenant)
            for entry in part {
                guard !bounds.areExceeded(by: found.count, size) else { return found }
                let members =
                    try entry.largeCount == nil ? small[entry.key] : stored.shownWithPeople(in: entry.key, to: caller)
                guard let members else { preconditionFailure("a conversation in a list has no participants") }
                let summary = try summary(entry, members, embedded)
                size += summary.leastSize(embedded: embedded.count)
                found.append(summary)
            }
        }
        return found
    }

    private func summary(
        _ entry: Entry, _ members: StoredParticipants.Members, _ embedded: PageBounds
    ) throws -> ConversationSummary {
        let conversation = Conversation(
            id: entry.id, key: entry.key, lastN: entry.lastN, prunedUpTo: entry.prunedUpTo,
            revision: entry.revision, change: entry.sharedChange, participants: members.participants)
        guard var marks = conversation.marks(for: caller.user) else {
            preconditionFailure("a list holds a conversation its owner does not take part in")
        }
        if let count = entry.largeCount, count > members.participants.count,
            let (lowest, second) = try StoredParticipants(db: db).lowestReadMarks(in: entry.key)
        {
            marks.othersReadUpTo = marks.viewerReadUpTo == lowest ? second : lowest
        }
        let messages = StoredMessages(db: db, key: entry.key)
        var embedded = embedded
        embedded.count = max(embedded.count, 1)
        let newest = try newest(conversation, embedded) { try messages.newest(embedded, upTo: entry.lastN) }
        return ConversationSummary(
            conversation: conversation,
            participantCount: entry.largeCount ?? members.participants.count, people: members.people,
            marks: marks, unread: entry.unread,
            newest: newest.newest(within: embedded), openedAt: entry.openedAt, activity: entry.activity,
            change: entry.change)
    }
}
