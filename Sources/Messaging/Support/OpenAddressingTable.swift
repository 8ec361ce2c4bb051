/// A hash table with open addressing and linear probing that maps hashes to array indices, eight bytes a slot.
///
/// A dictionary would hold every key a second time. The owner of this table has the keys, and compares them. The number of slots grows
/// by a quarter, so that few are unused. A hash is scaled to the number of slots, whatever that is.
@usableFromInline
struct OpenAddressingTable: Sendable {
    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline var hash: UInt32
        /// -1 where the slot is free.
        @usableFromInline var entry: Int32

        @inlinable
        init(hash: UInt32, entry: Int32) {
            self.hash = hash
            self.entry = entry
        }
    }

    @usableFromInline var slots = [Slot](repeating: Slot(hash: 0, entry: -1), count: 16)
    @usableFromInline var count = 0

    @inlinable
    init() {}

    /// The first slot for this hash, which is scaled to the number of slots.
    @inlinable
    func firstSlot(of hash: UInt32) -> Int { Int((UInt64(hash) &* UInt64(slots.count)) >> 32) }

    @inlinable
    func next(after index: Int) -> Int { index + 1 == slots.count ? 0 : index + 1 }

    /// How many slots further on `end` is than `start`.
    @inlinable
    func distance(from start: Int, to end: Int) -> Int { end >= start ? end - start : end - start + slots.count }

    /// The index with this hash for which `isIt` returns true.
    @inlinable
    func entry(hash: UInt32, where isIt: (Int32) -> Bool) -> Int32? {
        var index = firstSlot(of: hash)
        while slots[index].entry >= 0 {
            if slots[index].hash == hash, isIt(slots[index].entry) { return slots[index].entry }
            index = next(after: index)
        }
        return nil
    }

    /// Adds an index that is not in the table.
    @inlinable
    mutating func insert(_ entry: Int32, hash: UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        count += 1
        put(Slot(hash: hash, entry: entry))
    }

    /// Replaces the index of an entry that moved in the array.
    @inlinable
    mutating func move(_ old: Int32, to new: Int32, hash: UInt32) {
        slots[index(of: old, hash: hash)].entry = new
    }

    /// Removes an index, and closes the gap in the run of slots after it.
    @inlinable
    mutating func remove(_ entry: Int32, hash: UInt32) {
        var gap = index(of: entry, hash: hash)
        var index = next(after: gap)
        while slots[index].entry >= 0 {
            // No entry may move before its first slot.
            if distance(from: firstSlot(of: slots[index].hash), to: index) >= distance(from: gap, to: index) {
                slots[gap] = slots[index]
                gap = index
            }
            index = next(after: index)
        }
        slots[gap].entry = -1
        count -= 1
    }

    @inlinable
    func index(of entry: Int32, hash: UInt32) -> Int {
        var index = firstSlot(of: hash)
        while slots[index].entry != entry {
            precondition(slots[index].entry >= 0, "a place that was never inserted")
            index = next(after: index)
        }
        return index
    }

    @inlinable
    mutating func put(_ slot: Slot) {
        var index = firstSlot(of: slot.hash)
        while slots[index].entry >= 0 { index = next(after: index) }
        slots[index] = slot
    }

    @inlinable
    mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, entry: -1), count: old.count + old.count / 4)
        for slot in old where slot.entry >= 0 { put(slot) }
    }
}
