/// One table of the freshness index: entries that are loaded from the store on first use and kept current by its commits.
///
/// A load may read the store just before a commit and arrive just after it. Its value would be stale for ever, so loads are
/// announced, and what commits made of the value meanwhile is merged into what was loaded.
struct FreshnessTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        /// Valid as long as the value; nil until a caller has asked for it.
        var invalidationToken: InvalidationToken?
    }

    private struct Load {
        var running = 0
        /// What commits made of the value meanwhile; they may know only a part of it.
        var committed: Value?
        /// Whether nobody knows what has become of the value meanwhile.
        var isLost = false
    }

    private var entries: LeastRecentlyUsed<Key, Entry>
    private var loads: [Key: Load] = [:]
    private let costOf: @Sendable (Value) -> Int
    private let merge: @Sendable (Value, Value) -> Value?
    private let largestCost: Int
    /// The bytes that values take beside their entries.
    private(set) var cost = 0
    private var expiries: [InvalidationToken.Expiry] = []

    /// - Parameters:
    ///   - capacity: the most entries.
    ///   - largestCost: the most bytes that values take beside their entries.
    ///   - cost: how many a value takes.
    ///   - merge: what becomes of the value in memory, its first argument, by another one; nil where that has nothing new. Commits and
    ///     loads may come in any order, and values only grow.
    init(
        capacity: Int, largestCost: Int = .max, cost: @escaping @Sendable (Value) -> Int = { _ in 0 },
        merge: @escaping @Sendable (Value, Value) -> Value?
    ) {
        entries = LeastRecentlyUsed(capacity: capacity)
        self.largestCost = largestCost
        costOf = cost
        self.merge = merge
    }

    var statistics: TableStatistics { entries.statistics }

    mutating func value(for key: Key) -> Value? {
        entries.value(for: key)?.value
    }

    /// A token that becomes invalid when the value for this key changes or is evicted; nil where the value is not as expected.
    mutating func invalidationToken(for key: Key, where isExpected: (Value) -> Bool) -> InvalidationToken? {
        var found: InvalidationToken?
        entries.update(key) { entry in
            guard isExpected(entry.value) else { return }
            found = entry.invalidationToken ?? InvalidationToken()
            entry.invalidationToken = found
        }
        return found
    }

    /// The observers of the tokens that have become invalid since the last call. They are notified once the table is not locked: they may
    /// read it.
    mutating func takeExpiries() -> [InvalidationToken.Expiry] {
        guard !expiries.isEmpty else { return [] }
        defer { expiries = [] }
        return expiries
    }

    private mutating func expire(_ token: InvalidationToken?) {
        if let expiry = token?.expire() { expiries.append(expiry) }
    }

    /// Announces that the store will be read for this key.
    mutating func beginLoad(of key: Key) {
        loads[key, default: Load()].running += 1
    }

    /// Ends an announced load, keeping what it found with what commits made of it that came in between.
    mutating func endLoad(of key: Key, with value: Value?) {
        guard var load = loads[key] else { preconditionFailure("a load ends that never began") }
        if let value, !load.isLost { keep(load.committed.flatMap { merge(value, $0) } ?? value, for: key) }
        load.running -= 1
        loads[key] = load.running == 0 ? nil : load
    }

    /// Adds to what is known of an entry, if it is still there; what was so before is still so.
    mutating func amend(_ key: Key, _ value: Value) {
        entries.update(key) { $0.value = value }
    }

    /// Takes the value that a commit made.
    mutating func committed(_ key: Key, _ value: Value) {
        take(value, for: key)
        guard let load = loads[key] else { return }
        loads[key]?.committed = load.committed.map { merge($0, value) ?? $0 } ?? value
    }

    /// Drops the value for a key, and what a running load will find: a commit may have changed it, nobody knows how.
    mutating func forget(_ key: Key) {
        if let dropped = entries.removeValue(for: key) {
            expire(dropped.invalidationToken)
            cost -= costOf(dropped.value)
        }
        loads[key]?.isLost = true
    }

    /// Merges into the value for this key; returns whether there is one.
    @discardableResult
    private mutating func take(_ value: Value, for key: Key) -> Bool {
        var change = 0
        var token: InvalidationToken?
        let isThere = entries.update(key) { entry in
            guard let merged = merge(entry.value, value) else { return }
            token = entry.invalidationToken
            change = costOf(merged) - costOf(entry.value)
            entry = Entry(value: merged)
        }
        expire(token)
        cost += change
        return isThere
    }

    /// Drops all entries, and what the running loads will find: the store is in another state.
    mutating func reset() {
        while entries.count > 0 { dropOldest() }
        for key in loads.keys { loads[key]?.isLost = true }
    }

    private mutating func keep(_ value: Value, for key: Key) {
        if !take(value, for: key) {
            if entries.count == entries.capacity { dropOldest() }
            cost += costOf(value)
            entries.set(key, to: Entry(value: value))
        }
        while cost > largestCost, entries.count > 1 { dropOldest() }
    }

    private mutating func dropOldest() {
        guard let dropped = entries.dropOldest() else { return }
        expire(dropped.invalidationToken)
        cost -= costOf(dropped.value)
    }
}
