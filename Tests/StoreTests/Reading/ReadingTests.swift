import Messaging
import StoreTestSupport
import Testing

@Suite(.onEachStore)
struct ReadingTests {
    let home: StoreHome
    let store: any Store
    let recorder = Recorder()

    init() throws {
        home = try StoreHome()
        store = try home.open(observer: recorder)
    }

    @Test("A marker moves forward only, and the answer says where it really is")
    func forwardOnly() async throws {
        let id = try store.open("c", alice, bob)
        for index in 1...5 { _ = try await store.send(draft(alice, to: .id(id), "\(index)")) }
        _ = recorder.take()
        let reader = caller(bob)
        #expect(try await store.markRead(id, upTo: 3, by: reader) == ReadOutcome(readUpTo: 3, unread: 2))
        #expect(recorder.take().count == 1)
        #expect(try await store.markRead(id, upTo: 2, by: reader) == ReadOutcome(readUpTo: 3, unread: 2))
        #expect(try await store.markRead(id, upTo: 3, by: reader) == ReadOutcome(readUpTo: 3, unread: 2))
        #expect(try await store.markRead(id, upTo: 0, by: reader) == ReadOutcome(readUpTo: 3, unread: 2))
        #expect(recorder.take().isEmpty)
        #expect(try await store.markRead(id, upTo: nil, by: reader) == ReadOutcome(readUpTo: 5, unread: 0))
        #expect(recorder.take().map(\.conversation.participants[1].readUpTo) == [5])
        #expect(try await store.markRead(id, upTo: nil, by: caller(alice)) == ReadOutcome(readUpTo: 5, unread: 0))
    }

    @Test("A position beyond the last message, an unknown conversation and somebody else's are refused")
    func refusals() async throws {
        let id = try store.open("c", alice, bob)
        _ = try await store.send(draft(alice, to: .id(id)))
        for position in [2, -1, Int64.max] {
            await #expect(throws: MessagingError.invalidReadPosition) {
                try await store.markRead(id, upTo: position, by: caller(bob))
            }
        }
        await #expect(throws: MessagingError.conversationNotFound) {
            try await store.markRead(id, upTo: 1, by: caller(carol))
        }
        await #expect(throws: MessagingError.conversationNotFound) {
            try await store.markRead(conversationID("unknown"), upTo: 1, by: caller(bob))
        }
    }

    @Test("Sending does not move the sender's marker, and their own messages are not unread")
    func ownMessages() async throws {
        let id = try store.open("c", alice, bob)
        for sender in [alice, bob, alice, alice, bob] { _ = try await store.send(draft(sender, to: .id(id))) }
        #expect(try await store.list(of: alice).conversations[0].unread == 2)
        #expect(try await store.list(of: bob).conversations[0].unread == 3)
        #expect(try await store.markRead(id, upTo: 3, by: caller(bob)).unread == 1)
    }
}
