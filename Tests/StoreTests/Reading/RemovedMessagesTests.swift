import Messaging
import StoreTestSupport
import StoreWork
import TestSupport
import Testing

/// Reads for a state of a conversation from which messages were removed before the store read them.
@Suite(.onEachStore)
struct RemovedMessagesTests {
    private let home: StoreHome
    private let id = conversationID("c")

    init() throws {
        home = try StoreHome()
    }

    enum Removal: CaseIterable {
        case erasure, pruning
    }

    /// The conversation as it was before the removal.
    private func conversation(before removal: Removal) async throws -> Conversation {
        let store = try home.open()
        try store.open("c", alice, bob)
        for n in 1...4 {
            _ = try await store.send(draft(n.isMultiple(of: 2) ? bob : alice, to: .id(id), "secret \(n)"))
        }
        let before = try #require(try await store.conversation(.id(id), of: caller(alice)))
        store.close()
        let remover = try home.remover()
        defer { remover.close() }
        switch removal {
        case .erasure: _ = try remover.erase(alice, tenant: .none)
        case .pruning: _ = try remover.prune(.everything, before: Timestamp(milliseconds: noon.milliseconds + 1))
        }
        return before
    }

    @Test(
        "Nothing is answered for a state from before a removal: it would show less than the entity tag of that state stands for",
        arguments: Removal.allCases)
    func state(removal: Removal) async throws {
        let before = try await conversation(before: removal)
        let store = try home.open()
        defer { store.close() }
        let requests: [[MessageSlice]] = [
            [MessageSlice(1...4)], [MessageSlice(1...4, .only(alice))], [MessageSlice(1...4, .except(alice))],
            [MessageSlice(1...2, .only(bob)), MessageSlice(3...4)],
        ]
        for slices in requests {
            await #expect(throws: MessagingError.messagesRemoved) {
                try await store.messages(in: before, of: .none, slices, limit: 10)
            }
        }
        let now = try #require(try await store.conversation(.id(id), of: caller(alice)))
        for slices in requests { _ = try await store.messages(in: now, of: .none, slices, limit: 10) }
        let left = removal == .erasure ? ["", "secret 2", "", "secret 4"] : []
        #expect(try await store.allMessages(id).map(\.content) == left)
    }

    @Test("Where nothing was removed, a slice without messages is empty")
    func empty() async throws {
        let store = try home.open()
        defer { store.close() }
        try store.open("c", alice, bob)
        _ = try await store.send(draft(alice, to: .id(id), "one"))
        let found = try #require(try await store.conversation(.id(id), of: caller(alice)))
        let none: [MessageSlice] = [MessageSlice(2...9), MessageSlice(1...9, .only(bob))]
        for slice in none { #expect(try await store.messages(in: found, of: .none, [slice], limit: 10).count == 0) }
        #expect(try await store.messages(in: found, of: .none, none, limit: 10).count == 0)
    }
}
