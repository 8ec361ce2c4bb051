import Messaging
import TestSupport
import Testing

@Suite("Pages of a list")
struct ConversationPageTests {
    /// A list by its conversations' activity and latest change, and the counter of all changes.
    private struct List {
        var entries: [Int64: (activity: Int64, change: Int64)] = [:]
        var counter: Int64 = 0

        mutating func change(_ chance: inout Generator) {
            counter += Int64(1 + chance.below(3))
            let key = Int64(chance.below(12))
            let isActivity = entries[key] == nil || chance.once(in: 2)
            entries[key] = (isActivity ? counter : entries[key]?.activity ?? counter, counter)
        }

        private var all: [ConversationSummary] {
            entries.map { key, entry in
                ConversationSummary(
                    conversation: Conversation(
                        id: ConversationID(trusted: "c-\(key)"), key: key, lastN: 0, change: entry.change,
                        participants: []),
                    participantCount: 0, people: [],
                    marks: ReadMarks(latest: 0, othersReadUpTo: 0, viewerReadUpTo: 0), unread: 0,
                    newest: PackedMessages([]), openedAt: Timestamp(milliseconds: 0), activity: entry.activity,
                    change: entry.change)
            }.sorted { $0.activity > $1.activity }
        }

        private var latest: Int64 { entries.values.map(\.change).max() ?? 0 }

        func newest(_ limit: Int) -> ConversationPage {
            let taken = Array(all.prefix(limit))
            return ConversationPage(
                conversations: taken, latestChange: latest, position: latest,
                olderBefore: taken.count < all.count ? taken.last?.activity : nil)
        }

        func changes(since change: Int64, _ limit: Int) -> ConversationPage {
            let found = all.filter { $0.change > change }.sorted { $0.change < $1.change }
            let taken = found.prefix(limit)
            return ConversationPage(
                conversations: taken.sorted { $0.activity > $1.activity }, latestChange: latest,
                position: taken.count < found.count ? taken.last?.change ?? change : latest, olderBefore: nil)
        }
    }

    @Test("A newest page with a later delta merged into it is the newest page", arguments: 1...200)
    func merged(seed: UInt64) throws {
        var chance = Generator(seed: seed)
        var list = List()
        let limit = chance.pick([1, 2, 3, 5, 20])
        for _ in 0..<chance.below(20) { list.change(&chance) }
        let before = list.newest(limit)
        for _ in 0..<chance.below(6) { list.change(&chance) }
        let delta = list.changes(since: before.latestChange, limit)
        let merged = before.merged(with: delta, limit: limit)
        if delta.position == delta.latestChange {
            #expect(merged == list.newest(limit))
        } else {
            #expect(merged == nil)
        }
    }
}
