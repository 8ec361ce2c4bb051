import Messaging
import Synchronization

/// The newest page of a caller's list as it was read last, without its messages, which memory has once for all participants.
///
/// An entry looks the same until it has another change number: a client that follows the list with `since` relies on that as well. So
/// the page is current as long as the list has the same latest change, and otherwise it takes a delta to bring it up to date. What was removed
/// may still be in it, so it is good for one ``FreshnessIndex/generation`` only.
final class ListSnapshot: Sendable {
    /// The page; its entries have neither messages nor people.
    let page: ConversationPage
    /// The texts of its entries, by the key of the conversation.
    let texts: [Int64: EntryText]
    /// The most entries that the page was to have.
    let limit: Int
    /// The generation of memory before it was read.
    let generation: Int
    /// The bytes that it takes, about.
    let cost: Int

    /// A shorter list is read as fast, and there are many of them. One of as many is large enough to be compressed.
    static let fewestEntries = 4

    /// Takes a page of at most `limit` entries; nil where it is not worth it, or has fewer entries than it might have.
    init?(_ page: ConversationPage, _ texts: [Int64: EntryText], limit: Int, in generation: Int) {
        let count = page.conversations.count
        guard count >= min(limit, Self.fewestEntries), count == limit || page.olderBefore == nil else { return nil }
        let (kept, compact) = (page.conversations.map(\.withoutTexts), texts.mapValues(\.compact))
        let entry = MemoryLayout<ConversationSummary>.stride + 2 * MemoryLayout<(Int64, EntryText)>.stride
        cost = kept.reduce(256) { size, summary in
            size + entry + summary.conversation.memory + (compact[summary.conversation.key]?.cost ?? 0)
        }
        self.page = ConversationPage(
            conversations: kept, latestChange: page.latestChange, position: page.position,
            olderBefore: page.olderBefore)
        self.texts = compact
        self.limit = limit
        self.generation = generation
    }

    /// The page at the end of a delta that begins at its latest change, and the texts that are still right; nil where the delta does not have
    /// all changes.
    func merged(with delta: ConversationPage) -> (page: ConversationPage, texts: [Int64: EntryText])? {
        guard let merged = page.merged(with: delta, limit: limit) else { return nil }
        var texts = texts
        for summary in delta.conversations { texts[summary.conversation.key] = nil }
        return (merged, texts)
    }
}

/// The snapshots of the lists that were read last, as many as fit a number of bytes. All of them are dropped when a new generation begins.
final class ListSnapshots: Sendable {
    private struct Table {
        var snapshots: LeastRecentlyUsed<Caller, ListSnapshot>
        var cost = 0
        /// That of all snapshots here.
        var generation = 0

        mutating func enter(_ generation: Int) {
            guard generation > self.generation else { return }
            snapshots = LeastRecentlyUsed(capacity: snapshots.capacity)
            (cost, self.generation) = (0, generation)
        }
    }

    private let table: Mutex<Table>
    private let mostBytes: Int

    /// - Parameter mostBytes: the most bytes of them, about.
    init(mostBytes: Int) {
        self.mostBytes = mostBytes
        table = Mutex(Table(snapshots: LeastRecentlyUsed(capacity: max(1, mostBytes / 1024))))
    }

    /// The bytes that they take, about.
    var cost: Int { table.withLock { $0.cost } }

    /// Drops those that were read before a generation of memory: they may have what was removed since.
    func drop(before generation: Int) {
        table.withLock { $0.enter(generation) }
    }

    /// The snapshot of a caller's list with this limit; the list may have changed since.
    ///
    /// - Parameter generation: that of memory now.
    func snapshot(of caller: Caller, limit: Int, in generation: Int) -> ListSnapshot? {
        table.withLock { table in
            guard let known = table.snapshots.value(for: caller), known.limit == limit,
                known.generation == generation
            else { return nil }
            return known
        }
    }

    /// Keeps a snapshot in place of the one before it, unless that is newer, or something was removed since the snapshot was read.
    func keep(_ snapshot: ListSnapshot, of caller: Caller) {
        guard snapshot.cost <= mostBytes else { return }
        table.withLock { table in
            table.enter(snapshot.generation)
            guard snapshot.generation == table.generation else { return }
            let known = table.snapshots.value(for: caller)
            if let known, known.page.latestChange > snapshot.page.latestChange { return }
            if known == nil, table.snapshots.count == table.snapshots.capacity { Self.dropOldest(&table) }
            table.cost += snapshot.cost - (known?.cost ?? 0)
            table.snapshots.set(caller, to: snapshot)
            while table.cost > mostBytes { Self.dropOldest(&table) }
        }
    }

    private static func dropOldest(_ table: inout Table) {
        table.cost -= table.snapshots.dropOldest()?.cost ?? 0
    }
}

extension ConversationPage {
    /// The page with the newest messages of each entry that has none here; nil where memory does not have them all.
    func filled(_ newest: (Conversation) -> PackedMessages?) -> ConversationPage? {
        var entries = conversations
        for place in entries.indices where entries[place].newest.isEmpty {
            guard let messages = newest(entries[place].conversation) else { return nil }
            entries[place] = entries[place].showing(messages)
        }
        return ConversationPage(
            conversations: entries, latestChange: latestChange, position: position, olderBefore: olderBefore)
    }
}

extension ConversationSummary {
    /// The same without what takes the most memory: the messages, and the people, who are in the text of the entry.
    fileprivate var withoutTexts: ConversationSummary {
        ConversationSummary(
            conversation: conversation, participantCount: participantCount, people: [], marks: marks, unread: unread,
            newest: PackedMessages([]), openedAt: openedAt, activity: activity, change: change)
    }
}
