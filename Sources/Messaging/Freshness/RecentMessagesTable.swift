/// The newest messages of the conversations used last, as many as fit a number of bytes: messages are larger than all else that
/// memory keeps.
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
    mutating func keep(_ newest: PackedMessages, for key: Key) {
        let known = entries.value(for: key)
        if let known, !known.isExtended(by: newest) { return }
        let messages = RecentMessages(newest)
        while known == nil, entries.count == entries.capacity { cost -= entries.dropOldest()?.cost ?? 0 }
        cost += messages.cost - (known?.cost ?? 0)
        entries.set(key, to: messages)
        makeRoom()
    }

    private mutating func makeRoom() {
        while cost > largestCost, let dropped = entries.dropOldest() { cost -= dropped.cost }
    }
}
