/// A dictionary of bounded size that evicts the least recently used entry.
///
/// Every operation takes constant time. Entries are in one array, linked by index in order of use. A table of hashes has their
/// indices, so that a hundred thousand entries cost little more than their keys and values. All of it is inlinable, because other
/// modules look up entries at every poll: unspecialised, that took a third of the time of a poll.
public struct LeastRecentlyUsed<Key: Hashable, Value> {
    @usableFromInline
    struct Node {
        @usableFromInline var key: Key
        @usableFromInline var value: Value
        @usableFromInline var newer: Int32 = -1
        @usableFromInline var older: Int32 = -1

        @inlinable
        init(key: Key, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// The most entries it holds.
    public let capacity: Int
    /// How many entries were evicted.
    public var evictions: Int { evicted }
    @usableFromInline var evicted = 0
    @usableFromInline var hits = 0
    @usableFromInline var misses = 0
    @usableFromInline var table = OpenAddressingTable()
    @usableFromInline var nodes: [Node] = []
    @usableFromInline var newest: Int32 = -1
    @usableFromInline var oldest: Int32 = -1

    /// An empty one for at least one entry.
    @inlinable
    public init(capacity: Int) {
        precondition((1..<Int(Int32.max)).contains(capacity))
        self.capacity = capacity
    }

    /// Its hit rate and size.
    public var statistics: TableStatistics {
        TableStatistics(entries: count, hits: hits, misses: misses, evictions: evicted)
    }

    /// How many entries it holds.
    @inlinable public var count: Int { nodes.count }

    /// The value for a key, which counts as a use.
    @inlinable
    public mutating func value(for key: Key) -> Value? {
        guard let entry = entry(of: key) else {
            misses &+= 1
            return nil
        }
        hits &+= 1
        touch(entry)
        return nodes[Int(entry)].value
    }

    /// Changes the value for a key in place where there is one, which does not count as a use; returns whether there was.
    @inlinable
    @discardableResult
    public mutating func update(_ key: Key, _ change: (inout Value) -> Void) -> Bool {
        guard let entry = entry(of: key) else { return false }
        change(&nodes[Int(entry)].value)
        return true
    }

    /// Changes the value for a key in place, which counts as a use; where there is none, a first one is set and changed.
    @inlinable
    public mutating func use<Result>(
        _ key: Key, orSet first: @autoclosure () -> Value, _ change: (inout Value) -> Result
    ) -> Result {
        guard let entry = entry(of: key) else {
            var value = first()
            defer { set(key, to: value) }
            return change(&value)
        }
        touch(entry)
        return change(&nodes[Int(entry)].value)
    }

    /// Sets the value for a key, which counts as a use; where the dictionary is full, the least recently used entry is evicted.
    @inlinable
    public mutating func set(_ key: Key, to value: Value) {
        if let entry = entry(of: key) {
            nodes[Int(entry)].value = value
            touch(entry)
            return
        }
        if nodes.count == capacity { _ = dropOldest() }
        // Grows by a quarter, not by half: unused capacity is the largest part of some tables.
        if nodes.count == nodes.capacity { nodes.reserveCapacity(nodes.count + max(nodes.count / 4, 8)) }
        nodes.append(Node(key: key, value: value))
        table.insert(Int32(nodes.count - 1), hash: hash(of: key))
        link(Int32(nodes.count - 1))
    }

    /// Evicts the least recently used entry and returns its value; nil where there is none.
    @inlinable
    public mutating func dropOldest() -> Value? {
        guard oldest >= 0 else { return nil }
        evicted += 1
        return remove(oldest)
    }

    /// Removes the entry for a key, which does not count as an eviction, and returns its value; nil where there is none.
    @inlinable
    public mutating func removeValue(for key: Key) -> Value? {
        entry(of: key).map { remove($0) }
    }

    @inlinable
    mutating func remove(_ entry: Int32) -> Value {
        unlink(entry)
        let dropped = nodes[Int(entry)]
        table.remove(entry, hash: hash(of: dropped.key))
        // The last node moves into the gap, so that the nodes stay together.
        let last = nodes.removeLast()
        if Int(entry) < nodes.count {
            nodes[Int(entry)] = last
            table.move(Int32(nodes.count), to: entry, hash: hash(of: last.key))
            if last.newer >= 0 { nodes[Int(last.newer)].older = entry } else { newest = entry }
            if last.older >= 0 { nodes[Int(last.older)].newer = entry } else { oldest = entry }
        }
        return dropped.value
    }

    @inlinable
    func entry(of key: Key) -> Int32? {
        table.entry(hash: hash(of: key)) { nodes[Int($0)].key == key }
    }

    @inlinable
    func hash(of key: Key) -> UInt32 { UInt32(truncatingIfNeeded: key.hashValue) }

    @inlinable
    mutating func touch(_ entry: Int32) {
        guard entry != newest else { return }
        unlink(entry)
        link(entry)
    }

    @inlinable
    mutating func unlink(_ entry: Int32) {
        let (newer, older) = (nodes[Int(entry)].newer, nodes[Int(entry)].older)
        if newer >= 0 { nodes[Int(newer)].older = older } else { newest = older }
        if older >= 0 { nodes[Int(older)].newer = newer } else { oldest = newer }
    }

    @inlinable
    mutating func link(_ entry: Int32) {
        nodes[Int(entry)].newer = -1
        nodes[Int(entry)].older = newest
        if newest >= 0 { nodes[Int(newest)].newer = entry } else { oldest = entry }
        newest = entry
    }
}

extension LeastRecentlyUsed: Sendable where Key: Sendable, Value: Sendable {}
extension LeastRecentlyUsed.Node: Sendable where Key: Sendable, Value: Sendable {}

/// The hit rate and size of a bounded table in memory.
public struct TableStatistics: Sendable, Equatable {
    /// How many entries it holds.
    public let entries: Int
    /// How many look-ups found an entry.
    public let hits: Int
    /// How many look-ups found none.
    public let misses: Int
    /// How many entries were evicted.
    public let evictions: Int
}
