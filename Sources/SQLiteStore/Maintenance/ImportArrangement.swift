import GRDB
import Messaging

/// The order in which lists have to show imported conversations, and how far they are in it.
struct ImportArrangement: Sendable {
    /// One conversation of it.
    struct Entry: Sendable {
        let key: Int64
        let tenant: TenantID
        /// The last message that the import reached; nil where it has none.
        let reached: Int64?
        /// Whether it gets a place by its messages or its record; the others stay, below those.
        let isPlaced: Bool
    }

    /// In order, the latest last.
    let entries: [Entry]
    /// How many of them are in order.
    var count = 0
    /// The greatest activity of those.
    var activity = Int64.min

    /// Orders the conversations of an import.
    init(_ conversations: [ConversationKey: ImportProgress]) {
        entries =
            conversations
            .sorted { one, other in
                let (one, other) = (one.value, other.value)
                return (one.activity ?? .min, one.latest?.milliseconds ?? .min, one.key)
                    < (other.activity ?? .min, other.latest?.milliseconds ?? .min, other.key)
            }
            .map { name, progress in
                Entry(
                    key: progress.key, tenant: name.tenant, reached: progress.reached,
                    isPlaced: progress.activity != nil || progress.latest != nil)
            }
    }

    /// Whether all of them are in order.
    var isDone: Bool { count == entries.count }
}

extension WriteTransaction {
    /// Brings the next conversations of an import into their order, for about so long; returns how far they are.
    ///
    /// One that is in order already stays as it is, so nobody notices a second import of the same. One that has got other messages since
    /// the import keeps the place that these have given it.
    func arrange(_ arrangement: ImportArrangement, for time: Duration) throws -> ImportArrangement {
        var arrangement = arrangement
        let end = ContinuousClock.now + time
        while !arrangement.isDone, ContinuousClock.now < end {
            try arrange(arrangement.entries[arrangement.count], after: &arrangement.activity)
            arrangement.count += 1
        }
        return arrangement
    }

    private func arrange(_ entry: ImportArrangement.Entry, after activity: inout Int64) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT last_n, pruned_up_to, activity, activity_copies FROM conversations WHERE key = ?")
        guard let row = try Row.fetchOne(statement, arguments: [entry.key]) else { return }
        let (lastN, pruned, present): (Int64, Int64, Int64) = (row[0], row[1], row[2])
        guard lastN == max(entry.reached ?? 0, pruned) else { return }
        guard entry.isPlaced, present <= activity else {
            activity = max(activity, present)
            return
        }
        let change = nextChange()
        try conversations.update(entry.key, change: change, lastN: lastN, activityCopies: row[3])
        activity = change
        guard let stored = try conversations.find(key: entry.key) else { return }
        record(
            stored.conversation, tenant: entry.tenant, change: change,
            seenBy: stored.conversation.participants.map(\.user))
        remember(stored, tenant: entry.tenant)
    }
}
