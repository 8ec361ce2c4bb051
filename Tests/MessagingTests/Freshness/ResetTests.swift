import Messaging
import Synchronization
import Testing

@Suite("A reset of the freshness index")
struct ResetTests {
    private let store = HeldStore()
    private let index = FreshnessIndex(capacity: 4)
    private let caller = Caller(user: alice)
    private let state = conversation(lastN: 1, (alice, 0), (bob, 0))

    init() {
        store.state.withLock { [state] in
            $0.conversations = [.id(talk): state, .direct(with: bob): state]
            $0.change = 5
        }
    }

    @Test("It forgets conversations, pairs, lists and messages, and tells whoever observes them")
    func forgets() async throws {
        _ = try await index.conversation(.direct(with: bob), of: caller, from: store)
        _ = try await index.list(of: caller, from: store)
        index.keep(PackedMessages([message(1, from: alice)]), of: state, .none, readIn: index.generation)
        let tokens = [
            try #require(index.invalidationToken(of: state, seenBy: caller)),
            try #require(index.invalidationToken(ofListOf: caller, at: 5)),
        ]
        let told = Mutex(0)
        for token in tokens { _ = token.observe { told.withLock { $0 += 1 } } }
        index.reset()
        #expect(tokens.allSatisfy { !$0.isValid })
        #expect(told.withLock { $0 } == 2)
        #expect(index.conversation(.id(talk), of: caller) == nil)
        #expect(index.conversation(.direct(with: bob), of: caller) == nil)
        #expect(index.list(of: caller) == nil)
        #expect(index.newest(within: PageBounds(count: 1, bytes: .max), in: state, of: .none) == nil)
        // It goes on as before.
        #expect(try await index.conversation(.id(talk), of: caller, from: store) == state)
        #expect(index.conversation(.id(talk), of: caller) == state)
    }

    @Test("What a read that began before it finds is answered and not kept")
    func overtakes() async throws {
        let gate = Gate()
        store.state.withLock { $0.gate = gate }
        async let conversation = index.conversation(.id(talk), of: caller, from: store)
        await gate.arrival()
        index.reset()
        gate.open()
        #expect(try await conversation == state)
        #expect(index.conversation(.id(talk), of: caller) == nil)
    }

    @Test("Messages that were read before it are not kept")
    func messages() throws {
        let bounds = PageBounds(count: 1, bytes: .max)
        let start = index.generation
        index.reset()
        index.keep(PackedMessages([message(1, from: alice)]), of: state, .none, readIn: start)
        #expect(index.newest(within: bounds, in: state, of: .none) == nil)
        let found = try index.newestMessages(of: .none)(state, bounds) {
            index.reset()
            return PackedMessages([message(1, from: alice)])
        }
        #expect(found.map(\.n) == [1])
        #expect(index.newest(within: bounds, in: state, of: .none) == nil)
    }
}
