import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The bounds of the lists in memory")
struct ListSnapshotsTests {
    private func page(_ count: Int, at change: Int64 = 9, olderBefore: Int64? = nil) -> ConversationPage {
        let entries = (0..<count).map { place in
            ConversationSummary(
                conversation: Conversation(
                    id: ConversationID(trusted: "c-\(place)"), key: Int64(place), lastN: 0,
                    participants: [.init(user: alice), .init(user: bob)]),
                participantCount: 2, people: [Person(id: alice), Person(id: bob)],
                marks: ReadMarks(latest: 0, othersReadUpTo: 0, viewerReadUpTo: 0), unread: 0,
                newest: PackedMessages([]), openedAt: noon, activity: Int64(100 - place), change: 1)
        }
        return ConversationPage(
            conversations: entries, latestChange: change, position: change, olderBefore: olderBefore)
    }

    private func snapshot(
        _ count: Int = 5, at change: Int64 = 9, limit: Int = 20, olderBefore: Int64? = nil, in generation: Int = 0
    ) -> ListSnapshot? {
        let page = page(count, at: change, olderBefore: olderBefore)
        let texts = page.conversations.map { ($0.conversation.key, EntryText($0, for: alice)) }
        return ListSnapshot(page, Dictionary(uniqueKeysWithValues: texts), limit: limit, in: generation)
    }

    private func user(_ number: Int) -> Caller { Caller(user: UserID(trusted: "user \(number)")) }

    @Test("As many lists are kept as fit the bytes, those that were used last")
    func bytes() throws {
        let one = try #require(snapshot())
        let snapshots = ListSnapshots(mostBytes: 3 * one.cost)
        for number in 1...3 { snapshots.keep(one, of: user(number)) }
        #expect(snapshots.cost == 3 * one.cost)
        #expect(snapshots.snapshot(of: user(1), limit: 20, in: 0) != nil)
        snapshots.keep(one, of: user(4))
        #expect(snapshots.cost == 3 * one.cost)
        #expect(
            [1, 2, 3, 4].map { snapshots.snapshot(of: user($0), limit: 20, in: 0) != nil } == [
                true, false, true, true,
            ])
        let tooSmall = ListSnapshots(mostBytes: one.cost - 1)
        tooSmall.keep(one, of: user(1))
        #expect(tooSmall.cost == 0)
    }

    @Test("A list is found by its owner, with the same limit, and an older one does not replace it")
    func found() throws {
        let snapshots = ListSnapshots(mostBytes: 1 << 20)
        snapshots.keep(try #require(snapshot(at: 9)), of: user(1))
        snapshots.keep(try #require(snapshot(at: 8)), of: user(1))
        #expect(snapshots.snapshot(of: user(1), limit: 20, in: 0)?.page.latestChange == 9)
        #expect(snapshots.snapshot(of: user(2), limit: 20, in: 0) == nil)
        #expect(snapshots.snapshot(of: user(1), limit: 21, in: 0) == nil)
    }

    @Test("Once something was removed, no list from before is found or kept, nor does any take memory")
    func removed() throws {
        let snapshots = ListSnapshots(mostBytes: 1 << 20)
        for number in 1...3 { snapshots.keep(try #require(snapshot()), of: user(number)) }
        #expect(snapshots.snapshot(of: user(1), limit: 20, in: 1) == nil, "memory is in a new generation already")
        snapshots.drop(before: 1)
        #expect(snapshots.cost == 0)
        snapshots.keep(try #require(snapshot()), of: user(1))
        #expect(snapshots.cost == 0, "it was read before the removal")
        // Change numbers of another epoch, which is another generation, say nothing of which is newer.
        snapshots.keep(try #require(snapshot(at: 2, in: 1)), of: user(1))
        #expect(snapshots.snapshot(of: user(1), limit: 20, in: 1)?.page.latestChange == 2)
        // A look that began before the removal brings nothing back.
        #expect(snapshots.snapshot(of: user(1), limit: 20, in: 0) == nil)
        // The first that is read in a generation may come before the word of it.
        let later = try #require(snapshot(at: 3, in: 2))
        snapshots.keep(later, of: user(2))
        #expect(snapshots.snapshot(of: user(2), limit: 20, in: 2)?.page.latestChange == 3)
        #expect(snapshots.cost == later.cost)
    }

    @Test("A list of a few conversations is not kept, nor a page that ends before its limit")
    func worth() {
        #expect(snapshot(3) == nil && snapshot(4) != nil)
        #expect(snapshot(2, limit: 2, olderBefore: 99) != nil)
        #expect(snapshot(5, limit: 6, olderBefore: 96) == nil)
    }
}
