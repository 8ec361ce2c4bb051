import Messaging
import StoreTestSupport
import Synchronization
import Testing

/// Conversations that are read together with their newest messages.
@Suite(.onEachStore)
struct FirstPageTests {
    private let home: StoreHome

    init() throws {
        home = try StoreHome()
    }

    /// The conversation, and what its newest messages were said to be: nil where the store does not read them at the same time.
    private func read(
        _ reference: ConversationReference, of user: UserID, _ count: Int, _ store: any MessageStore
    ) async throws -> (conversation: Conversation?, newest: [Int64]?) {
        let newest = Mutex<[Int64]?>(nil)
        let found = try await store.conversation(
            reference, of: caller(user), PageBounds(count: count, bytes: .max, kept: .newest)
        ) { conversation, bounds, read in
            let messages = try read().newest(within: bounds)
            newest.withLock { $0 = messages.map(\.n) }
            return messages
        }
        return (found, newest.withLock { $0 })
    }

    @Test("A conversation is the same with its newest messages and without; a stranger is shown nothing")
    func same() async throws {
        let store = try home.open()
        defer { store.close() }
        let id = try store.open("c", alice, bob)
        for _ in 1...4 { _ = try await store.send(draft(alice, to: .id(id))) }
        for (count, expected) in [(3, [2, 3, 4]), (4, [1, 2, 3, 4]), (9, [1, 2, 3, 4])] as [(Int, [Int64])] {
            let (found, newest) = try await read(.id(id), of: bob, count, store)
            #expect(try await store.conversation(.id(id), of: caller(bob)) == found)
            // PostgreSQL reads messages only on their own.
            #expect(newest == (StoreKind.current == .sqlite ? expected : nil))
        }
        let stranger = try await read(.id(id), of: carol, 9, store)
        #expect(stranger.conversation == nil && stranger.newest == nil)
        let empty = try store.open("empty", alice, bob)
        let (found, newest) = try await read(.id(empty), of: bob, 9, store)
        #expect(found?.id == empty)
        #expect(newest == nil)
    }
}
