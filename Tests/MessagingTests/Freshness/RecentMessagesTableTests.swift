import Testing

@testable import Messaging

@Suite("The newest messages of many conversations in memory")
struct RecentMessagesTableTests {
    private func messages(_ numbers: ClosedRange<Int64>, size: Int = 10) -> PackedMessages {
        let messages = numbers.map { n in
            Message(
                n: n, sender: UserID(trusted: "alice"), content: String(repeating: "x", count: size),
                sentAt: Timestamp(milliseconds: n), clientMessageID: nil)
        }
        return PackedMessages(messages)
    }

    private func count(_ table: inout RecentMessagesTable<String>, _ key: String, _ numbers: ClosedRange<Int64>) -> Int?
    {
        table.value(for: key)?.messages(in: [MessageSlice(numbers)], limit: 1000)?.count
    }

    @Test("The conversations used longest ago go where all together become too large")
    func bounded() {
        var table = RecentMessagesTable<String>(capacity: 100, largestCost: 12_000)
        for name in ["a", "b", "c"] { table.keep(messages(1...3, size: 1000), for: name) }
        #expect(count(&table, "a", 1...3) == 3)
        table.append(messages(4...4, size: 3000)[0], to: "a")
        #expect(table.value(for: "b") == nil)
        #expect(count(&table, "a", 1...4) == 4)
        table.keep(messages(1...20, size: 1000), for: "huge")
        #expect(table.value(for: "huge") == nil, "what is too large alone is not kept")
    }

    @Test("The newest messages are kept of no more conversations than there is room for")
    func capacity() {
        var table = RecentMessagesTable<String>(capacity: 2, largestCost: 1_000_000)
        for name in ["a", "b", "c"] { table.keep(messages(1...1), for: name) }
        #expect(table.value(for: "a") == nil)
        #expect(table.value(for: "b") != nil && table.value(for: "c") != nil)
    }

    @Test("A read replaces the kept messages only where it tells more")
    func keeping() {
        var table = RecentMessagesTable<String>(capacity: 2, largestCost: 1_000_000)
        table.keep(messages(5...9), for: "a")
        table.append(messages(10...10)[0], to: "a")
        table.keep(messages(1...9), for: "a")
        #expect(count(&table, "a", 5...10) == 6, "it was read before the newest one came")
        table.keep(messages(8...10), for: "a")
        #expect(count(&table, "a", 5...10) == 6)
        table.keep(messages(2...10), for: "a")
        #expect(count(&table, "a", 2...10) == 9)
        table.keep(messages(5...13), for: "a")
        #expect(count(&table, "a", 11...13) == 3, "newer ones, as many as before or fewer")
        table.append(messages(1...1)[0], to: "nobody")
        #expect(table.value(for: "nobody") == nil)
    }
}
