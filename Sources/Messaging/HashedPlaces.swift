/// Where things lie in an array, found by their hashes: a hash table with open addressing and linear probing, eight bytes an entry.
///
/// A dictionary would hold every key a second time. Whoever uses this has the keys, and compares them.
@usableFromInline
struct HashedPlaces: Sendable {
    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline var hash: UInt32
        /// -1 where the slot is free.
        @usableFromInline var place: Int32

        @inlinable
        init(hash: UInt32, place: Int32) {
            self.hash = hash
            self.place = place
        }
    }

    @usableFromInline var slots = [Slot](repeating: Slot(hash: 0, place: -1), count: 16)
    @usableFromInline var count = 0

    @inlinable
    init() {}

    /// The number of slots is a power of two.
    @inlinable var mask: Int { slots.count - 1 }

    /// The place with this hash at which `isIt` says yes.
    @inlinable
    func place(hash: UInt32, where isIt: (Int32) -> Bool) -> Int32? {
        var index = Int(hash) & mask
        while slots[index].place >= 0 {
            if slots[index].hash == hash, isIt(slots[index].place) { return slots[index].place }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Adds a place that is not in it.
    @inlinable
    mutating func insert(_ place: Int32, hash: UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        count += 1
        put(Slot(hash: hash, place: place))
    }

    /// Says that what lay at one place lies at another now.
    @inlinable
    mutating func move(_ old: Int32, to new: Int32, hash: UInt32) {
        slots[index(of: old, hash: hash)].place = new
    }

    /// Takes a place out, and closes the gap that it leaves in the run of slots after it.
    @inlinable
    mutating func remove(_ place: Int32, hash: UInt32) {
        var gap = index(of: place, hash: hash)
        var next = (gap + 1) & mask
        while slots[next].place >= 0 {
            let wanted = Int(slots[next].hash) & mask
            if (next - wanted) & mask >= (next - gap) & mask {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap].place = -1
        count -= 1
    }

    @inlinable
    func index(of place: Int32, hash: UInt32) -> Int {
        var index = Int(hash) & mask
        while slots[index].place != place {
            precondition(slots[index].place >= 0, "a place that was never inserted")
            index = (index + 1) & mask
        }
        return index
    }

    @inlinable
    mutating func put(_ slot: Slot) {
        var index = Int(slot.hash) & mask
        while slots[index].place >= 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    @inlinable
    mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, place: -1), count: old.count * 2)
        for slot in old where slot.place >= 0 { put(slot) }
    }
}
