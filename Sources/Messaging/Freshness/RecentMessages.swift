/// The newest messages of one conversation in memory: consecutive numbers, so that it is certain what they leave out.
public struct RecentMessages: Sendable, Equatable {
    /// How many messages are kept of those that were added one by one.
    public static let usualCount = 50

    private var messages: PackedMessages
    /// The revision of the conversation in which they were read.
    private let revision: Int64

    /// Takes messages in the order of their numbers, without gaps.
    init(_ messages: PackedMessages, at revision: Int64 = 0) {
        self.messages = messages.compact
        self.revision = revision
    }

    /// The bytes it takes, about, and its place in a table.
    var cost: Int { 128 + messages.cost }

    /// Adds a new message, unless a read has already added it; where a message before it is missing, the kept ones are dropped.
    mutating func append(_ message: Message) {
        let last = messages.lastNumber ?? 0
        guard message.n > last else { return }
        guard message.n == last + 1 else {
            messages = PackedMessages([message])
            return
        }
        messages.append(message)
        // Not one at a time: that would move all of them for every message.
        if messages.count >= 2 * Self.usualCount {
            self = RecentMessages(messages.suffix(Self.usualCount), at: revision)
        }
    }

    /// Whether these newest messages are of a later revision than what is kept, or else newer, or as new and go further back.
    func isExtended(by newest: PackedMessages, at revision: Int64) -> Bool {
        guard revision == self.revision else { return revision > self.revision }
        guard let last = newest.lastNumber else { return false }
        let known = messages.lastNumber ?? 0
        return last > known || (last == known && newest.count > messages.count)
    }

    /// The newest messages up to a number and above another one, as many as the bounds allow; nil where that needs messages that are
    /// not kept, or where they are of another revision.
    ///
    /// - Parameter revision: the revision of the conversation.
    func newest(
        within bounds: PageBounds, after pruned: Int64, upTo lastN: Int64, at revision: Int64 = 0
    ) -> PackedMessages? {
        guard revision == self.revision, let last = messages.lastNumber else { return nil }
        let first = last - Int64(messages.count) + 1
        guard first <= lastN, lastN <= last else { return nil }
        let wanted = max(pruned + 1, lastN - Int64(bounds.count) + 1)
        let known = messages[Int(max(wanted, first) - first)...Int(lastN - first)]
        let newest = known.newest(within: bounds)
        // Where all kept messages fit, an earlier message might fit too.
        return wanted >= first || newest.count < known.count ? newest : nil
    }

    /// The first `limit` messages of these slices, ordered by number; nil where one of them may not be kept, or is of another
    /// revision.
    ///
    /// - Parameter revision: the revision of the conversation.
    func messages(in slices: [MessageSlice], limit: Int, at revision: Int64 = 0) -> PackedMessages? {
        guard revision == self.revision, let last = messages.lastNumber else { return nil }
        let first = last - Int64(messages.count) + 1
        guard slices.allSatisfy({ first <= $0.numbers.lowerBound && $0.numbers.upperBound <= last }) else { return nil }
        if slices.count == 1, slices[0].authorship == .anybody {
            let start = Int(slices[0].numbers.lowerBound - first)
            return messages[start..<start + min(slices[0].numbers.count, limit)]
        }
        var wanted: [Int] = []
        messages.visit { message in
            guard wanted.count < limit, slices.contains(where: { $0.contains(message) }) else { return }
            wanted.append(Int(message.n - first))
        }
        return PackedMessages(messages, at: wanted)
    }
}

/// The newest messages of the most recently used conversations, as many as fit a number of bytes: messages are the largest part of the
/// state in memory.
struct RecentMessagesTable<Key: Hashable & Sendable>: Sendable {
    private var entries: LeastRecentlyUsed<Key, RecentMessages>
    private var cost = 0
    private let largestCost: Int

    /// - Parameters:
    ///   - capacity: the most conversations.
    ///   - largestCost: the most bytes, about.
    init(capacity: Int, largestCost: Int) {
        entries = LeastRecentlyUsed(capacity: capacity)
        self.largestCost = largestCost
    }

    var statistics: TableStatistics { entries.statistics }

    mutating func value(for key: Key) -> RecentMessages? {
        entries.value(for: key)
    }

    /// Adds a new message to what is kept of a conversation; where nothing is kept, nothing is added.
    mutating func append(_ message: Message, to key: Key) {
        entries.update(key) { known in
            cost -= known.cost
            known.append(message)
            cost += known.cost
        }
        makeRoom()
    }

    /// Keeps messages that were read from the store, where they tell more than what is kept already.
    ///
    /// - Parameter revision: the revision of the conversation in which they were read.
    mutating func keep(_ newest: PackedMessages, at revision: Int64 = 0, for key: Key) {
        let known = entries.value(for: key)
        if let known, !known.isExtended(by: newest, at: revision) { return }
        let messages = RecentMessages(newest, at: revision)
        while known == nil, entries.count == entries.capacity { cost -= entries.dropOldest()?.cost ?? 0 }
        cost += messages.cost - (known?.cost ?? 0)
        entries.set(key, to: messages)
        makeRoom()
    }

    /// Drops what is kept of a conversation.
    mutating func drop(_ key: Key) {
        cost -= entries.removeValue(for: key)?.cost ?? 0
    }

    /// Drops everything.
    mutating func reset() {
        while let dropped = entries.dropOldest() { cost -= dropped.cost }
    }

    private mutating func makeRoom() {
        while cost > largestCost, let dropped = entries.dropOldest() { cost -= dropped.cost }
    }
}
