import Messaging
import Testing

@Suite("Unread messages")
struct UnreadMessagesTests {
    /// The numbers of what alice has not read of these messages.
    private func unread(after marker: Int64, prunedUpTo pruned: Int64 = 0, _ senders: UserID...) -> [Int64] {
        let unread = UnreadMessages(by: alice, after: marker, latest: Int64(senders.count), prunedUpTo: pruned)
        return zip(1..., senders).filter { unread.contains($0, from: $1) }.map { Int64($0.0) }
    }

    @Test("Messages by others are unread after the viewer's read marker, and read up to it")
    func marker() {
        #expect(unread(after: 0, bob, carol, bob) == [1, 2, 3])
        #expect(unread(after: 2, bob, carol, bob) == [3])
        #expect(unread(after: 3, bob, carol, bob) == [])
    }

    @Test("The viewer's own messages are never unread")
    func own() {
        #expect(unread(after: 0, alice, bob, alice, carol) == [2, 4])
        #expect(unread(after: 0, alice, alice) == [])
    }

    @Test("Senders are told apart by the bytes of their ids")
    func bytes() {
        let unread = UnreadMessages(by: UserID(trusted: "\u{E9}"), after: 0, latest: 1, prunedUpTo: 0)
        #expect(unread.contains(1, from: UserID(trusted: "e\u{301}")))
        #expect(!unread.contains(1, from: UserID(trusted: "\u{E9}")))
    }

    @Test("A pruned message is not unread, also where the marker is before it")
    func pruned() {
        #expect(unread(after: 1, prunedUpTo: 2, bob, bob, bob, bob) == [3, 4])
        #expect(unread(after: 3, prunedUpTo: 2, bob, bob, bob, bob) == [4])
        #expect(unread(after: 0, prunedUpTo: 4, bob, bob, bob, bob) == [])
    }

    @Test("In a conversation without messages nothing is unread")
    func empty() {
        #expect(UnreadMessages(by: alice, after: 0, latest: 0, prunedUpTo: 0).numbers == nil)
    }

    @Test("A message beyond the latest one is not unread: the viewer is not told of it yet")
    func beyond() {
        #expect(!UnreadMessages(by: alice, after: 0, latest: 2, prunedUpTo: 0).contains(3, from: bob))
    }

    @Test("A message by another user is unread exactly where its \"read\" is false")
    func agreesWithRead() {
        for marker in 0...4 as ClosedRange<Int64> {
            let marks = ReadMarks(latest: 4, othersReadUpTo: 2, viewerReadUpTo: marker)
            let unread = UnreadMessages(by: alice, after: marker, latest: 4, prunedUpTo: 0)
            #expect(
                (1...4).map { unread.contains($0, from: bob) }
                    == (1...4).map { !marks.isRead($0, writtenByViewer: false) })
        }
    }
}
