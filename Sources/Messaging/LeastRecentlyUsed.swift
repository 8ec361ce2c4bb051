/// A dictionary of bounded size in which the entry that nobody used for longest goes first.
///
/// Every operation takes constant time. Entries lie in one array, linked by index in order of use. All of it is inlinable, since
/// other modules keep what they look up at every poll in it: unspecialised, it took a third of the time of one.
public struct LeastRecentlyUsed<Key: Hashable, Value> {
    @usableFromInline
    struct Node {
        @usableFromInline var key: Key
        @usableFromInline var value: Value
        @usableFromInline var newer: Int
        @usableFromInline var older: Int

        @inlinable
        init(key: Key, value: Value) {
            self.key = key
            self.value = value
            newer = -1
            older = -1
        }
    }

    /// The most entries it holds.
    public let capacity: Int
    /// How many entries have gone to make room.
    public var evictions: Int { evicted }
    @usableFromInline var evicted = 0
    @usableFromInline var places: [Key: Int] = [:]
    @usableFromInline var nodes: [Node] = []
    @usableFromInline var newest = -1
    @usableFromInline var oldest = -1

    /// An empty one for at least one entry.
    @inlinable
    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// How many entries it holds.
    @inlinable public var count: Int { nodes.count }

    /// The value for a key, which counts as a use.
    @inlinable
    public mutating func value(for key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        touch(place)
        return nodes[place].value
    }

    /// Changes the value for a key where there is one, which does not count as a use; returns whether there was.
    @inlinable
    public mutating func replace(_ key: Key, with value: Value) -> Bool {
        guard let place = places[key] else { return false }
        nodes[place].value = value
        return true
    }

    /// Changes the value for a key in place where there is one, which does not count as a use.
    @inlinable
    public mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        guard let place = places[key] else { return }
        change(&nodes[place].value)
    }

    /// Changes the value for a key in place, which counts as a use; where there is none, a first one is set and changed.
    @inlinable
    public mutating func use<Result>(
        _ key: Key, orSet first: @autoclosure () -> Value, _ change: (inout Value) -> Result
    ) -> Result {
        guard let place = places[key] else {
            var value = first()
            defer { set(key, to: value) }
            return change(&value)
        }
        touch(place)
        return change(&nodes[place].value)
    }

    /// Sets the value for a key, which counts as a use; the entry used longest ago makes room where it is full.
    @inlinable
    public mutating func set(_ key: Key, to value: Value) {
        if let place = places[key] {
            nodes[place].value = value
            touch(place)
        } else if nodes.count < capacity {
            nodes.append(Node(key: key, value: value))
            places[key] = nodes.count - 1
            link(nodes.count - 1)
        } else {
            let place = oldest
            unlink(place)
            places[nodes[place].key] = nil
            nodes[place].key = key
            nodes[place].value = value
            places[key] = place
            link(place)
            evicted += 1
        }
    }

    /// Drops the entry used longest ago and returns its value; nil where there is none.
    @inlinable
    public mutating func dropOldest() -> Value? {
        guard oldest >= 0 else { return nil }
        let place = oldest
        unlink(place)
        let dropped = nodes[place]
        places[dropped.key] = nil
        // The last node moves into the gap, so that the nodes stay together.
        let last = nodes.removeLast()
        if place < nodes.count {
            nodes[place] = last
            places[last.key] = place
            if last.newer >= 0 { nodes[last.newer].older = place } else { newest = place }
            if last.older >= 0 { nodes[last.older].newer = place } else { oldest = place }
        }
        evicted += 1
        return dropped.value
    }

    @inlinable
    mutating func touch(_ place: Int) {
        guard place != newest else { return }
        unlink(place)
        link(place)
    }

    @inlinable
    mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    }

    @inlinable
    mutating func link(_ place: Int) {
        nodes[place].newer = -1
        nodes[place].older = newest
        if newest >= 0 { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }
}

extension LeastRecentlyUsed: Sendable where Key: Sendable, Value: Sendable {}
extension LeastRecentlyUsed.Node: Sendable where Key: Sendable, Value: Sendable {}
