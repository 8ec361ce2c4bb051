import Messaging
import TestSupport
import Testing

@Suite("Least recently used")
struct LeastRecentlyUsedTests {
    /// The same in the most obvious way: the entries in order of use, the oldest first.
    private struct Naive {
        let capacity: Int
        var entries: [(key: Int, value: Int)] = []
        var evictions = 0

        mutating func value(for key: Int) -> Int? {
            guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
            let entry = entries.remove(at: place)
            entries.append(entry)
            return entry.value
        }

        mutating func set(_ key: Int, to value: Int) {
            if let place = entries.firstIndex(where: { $0.key == key }) {
                entries.remove(at: place)
            } else if entries.count == capacity {
                entries.removeFirst()
                evictions += 1
            }
            entries.append((key, value))
        }

        mutating func replace(_ key: Int, with value: Int) -> Bool {
            guard let place = entries.firstIndex(where: { $0.key == key }) else { return false }
            entries[place].value = value
            return true
        }
    }

    @Test("The cache does what a naive one does, for random operations", arguments: [1, 2, 3, 7, 20])
    func likeNaive(capacity: Int) throws {
        var chance = Generator(seed: UInt64(capacity))
        var tested = LeastRecentlyUsed<Int, Int>(capacity: capacity)
        var naive = Naive(capacity: capacity)
        for step in 0..<5000 {
            let key = Int.random(in: 0..<capacity * 2, using: &chance)
            switch Int.random(in: 0..<3, using: &chance) {
            case 0:
                tested.set(key, to: step)
                naive.set(key, to: step)
            case 1:
                let (value, expected) = (tested.value(for: key), naive.value(for: key))
                try #require(value == expected)
            default:
                let (replaced, expected) = (tested.update(key) { $0 = step }, naive.replace(key, with: step))
                try #require(replaced == expected)
            }
            try #require(tested.count == naive.entries.count)
            try #require(tested.evictions == naive.evictions)
        }
    }

    @Test("Reading a cached value counts as a use, changing it does not")
    func uses() {
        var entries = LeastRecentlyUsed<String, Int>(capacity: 2)
        entries.set("a", to: 1)
        entries.set("b", to: 2)
        _ = entries.value(for: "a")
        entries.update("b") { $0 = 3 }
        entries.set("c", to: 4)
        let left = ["a", "b", "c"].map { entries.value(for: $0) }
        #expect(left == [1, nil, 4])
    }

    @Test("The cache drops what was used longest ago, and keeps the others in order", arguments: 0..<20)
    func drops(seed: Int) {
        var table = LeastRecentlyUsed<Int, Int>(capacity: 8)
        var order: [Int] = []
        for step in 0..<400 {
            let key = (step * 7 + seed * 13 + step / 5 * 3) % 11
            if (step + seed) % 4 == 0 {
                #expect(table.dropOldest() == (order.isEmpty ? nil : order.removeFirst() * 10))
            } else {
                order.removeAll { $0 == key }
                if order.count == 8 { order.removeFirst() }
                order.append(key)
                table.set(key, to: key * 10)
            }
            #expect(table.count == order.count)
        }
        while let dropped = table.dropOldest() { #expect(dropped == order.removeFirst() * 10) }
        #expect(order.isEmpty)
    }

    @Test("A value used where the cache has none is set first, and changed")
    func use() {
        var table = LeastRecentlyUsed<String, Int>(capacity: 2)
        for _ in 0..<3 { table.use("a", orSet: 10) { $0 += 1 } }
        #expect(table.value(for: "a") == 13)
    }
}
