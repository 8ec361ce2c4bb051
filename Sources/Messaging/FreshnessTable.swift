/// One table of the freshness index: entries that are loaded from the store on first use and kept current by its commits.
///
/// A load may read the store just before a commit and arrive just after it. Its value would be stale for ever, so loads are
/// announced, and one that a commit overtook is not kept.
struct FreshnessTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Load {
        var running = 0
        var overtaken = false
    }

    private var entries: LeastRecentlyUsed<Key, Value>
    private var loads: [Key: Load] = [:]

    init(capacity: Int) {
        entries = LeastRecentlyUsed(capacity: capacity)
    }

    var statistics: TableStatistics { entries.statistics }

    mutating func value(for key: Key) -> Value? {
        entries.value(for: key)
    }

    /// Announces that the store will be read for this key.
    mutating func beginLoad(of key: Key) {
        loads[key, default: Load()].running += 1
    }

    /// Ends an announced load, keeping what it found unless a commit came in between.
    mutating func endLoad(of key: Key, with value: Value?) {
        guard var load = loads[key] else { preconditionFailure("a load ends that never began") }
        if let value, !load.overtaken { entries.set(key, to: value) }
        load.running -= 1
        loads[key] = load.running == 0 ? nil : load
    }

    /// Adds to what is known of an entry, if it is still there.
    mutating func amend(_ key: Key, _ value: Value) {
        _ = entries.replace(key, with: value)
    }

    /// Takes the value that a commit made.
    mutating func committed(_ key: Key, _ value: Value) {
        _ = entries.replace(key, with: value)
        loads[key]?.overtaken = true
    }
}
