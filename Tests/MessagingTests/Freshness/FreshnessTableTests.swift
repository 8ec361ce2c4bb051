import Testing

@testable import Messaging

@Suite("A table of the freshness index")
struct FreshnessTableTests {
    @Test("Large values are bounded in bytes: the one unused for longest goes, and commits count too")
    func largeGroups() {
        var table = FreshnessTable<Int, Conversation>(
            capacity: 100, largestCost: 4000, cost: { $0.participants.memory }, merge: { $1 })
        func group(_ people: Int) -> Conversation {
            Conversation(
                id: talk, key: 1, lastN: 0,
                participants: (0..<people).map {
                    .init(user: UserID(trusted: String(repeating: "x", count: 200) + "\($0)"))
                })
        }
        func load(_ key: Int, _ people: Int) {
            table.beginLoad(of: key)
            table.endLoad(of: key, with: group(people))
        }
        let each = group(3).participants.memory
        #expect((700...900).contains(each))
        for key in 0..<50 { load(key, 2) }
        #expect(table.cost == 0, "two people take no memory of their own")
        for key in 50..<60 {
            load(key, 3)
            #expect(table.cost <= 4000)
        }
        #expect(table.cost == 4000 / each * each)
        #expect(table.value(for: 59) != nil && table.value(for: 0) == nil)
        table.committed(59, group(2))
        #expect(table.cost == (4000 / each - 1) * each)
        load(99, 100)
        #expect(table.value(for: 99) != nil, "one is kept, however large")
        load(98, 3)
        #expect(table.value(for: 99) == nil && table.cost == each)
    }
}
