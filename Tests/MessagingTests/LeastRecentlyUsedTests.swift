import Messaging
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

    @Test("does what a naive one does, for random operations", arguments: [1, 2, 3, 7, 20])
    func likeNaive(capacity: Int) {
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
                #expect(value == expected)
            default:
                let (replaced, expected) = (tested.replace(key, with: step), naive.replace(key, with: step))
                #expect(replaced == expected)
            }
            #expect(tested.count == naive.entries.count)
            #expect(tested.evictions == naive.evictions)
        }
    }

    @Test("reading counts as a use, replacing does not")
    func uses() {
        var entries = LeastRecentlyUsed<String, Int>(capacity: 2)
        entries.set("a", to: 1)
        entries.set("b", to: 2)
        _ = entries.value(for: "a")
        _ = entries.replace("b", with: 3)
        entries.set("c", to: 4)
        let left = ["a", "b", "c"].map { entries.value(for: $0) }
        #expect(left == [1, nil, 4])
    }
}
