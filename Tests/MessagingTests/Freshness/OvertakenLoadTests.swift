import Messaging
import Testing

@Suite("The freshness index, where commits overtake loads")
struct OvertakenLoadTests {
    private let store = HeldStore()
    private let index = FreshnessIndex(capacity: 2)
    private let caller = Caller(user: alice)
    private let first = conversation(lastN: 1, (alice, 0), (bob, 0))
    private let second = conversation(lastN: 2, (alice, 0), (bob, 0))

    init() {
        store.state.withLock { [first] in
            $0.conversations = [.id(talk): first]
            $0.change = 5
        }
    }

    /// Loads the conversation, as this caller; `change` happens once the store was asked, before its answer is known.
    @discardableResult
    private func find(as caller: Caller? = nil, overtakenBy change: () async throws -> Void) async throws
        -> Conversation?
    {
        try await hold(change) { [index, store, caller = caller ?? self.caller] in
            try await index.conversation(.id(talk), of: caller, from: store)
        }
    }

    @discardableResult
    private func findList(overtakenBy change: () async throws -> Void) async throws -> ListFreshness {
        try await hold(change) { [index, store, caller] in try await index.list(of: caller, from: store) }
    }

    private func hold<Found: Sendable>(
        _ change: () async throws -> Void, load: @escaping @Sendable () async throws -> Found
    ) async throws -> Found {
        let gate = Gate()
        store.state.withLock { $0.gate = gate }
        async let loading = load()
        await gate.arrival()
        store.state.withLock { $0.gate = nil }
        try await change()
        gate.open()
        return try await loading
    }

    @Test("Of a conversation that was being loaded when it changed, memory has what the commit made of it")
    func conversations() async throws {
        try await find { index.committed([commit(second)]) }
        #expect(index.conversation(.id(talk), of: caller) == second)
    }

    @Test("Where commits know only a part of a conversation that is being loaded, memory has it with all of them")
    func parts() async throws {
        try await find {
            index.committed([commit(conversation(lastN: 0, (alice, 0), (bob, 1)))])
            index.committed([commit(second)])
            index.committed([commit(conversation(lastN: 0, (alice, 2), (bob, 0)))])
        }
        #expect(index.conversation(.id(talk), of: caller) == conversation(lastN: 2, (alice, 2), (bob, 1)))
    }

    @Test("Of a list that was being loaded when it changed, memory has what the commit made of it")
    func list() async throws {
        try await findList { index.committed([commit(second)]) }
        #expect(index.list(of: caller) == ListFreshness(change: 6))
    }

    @Test("Of what was being loaded, memory has nothing where it was emptied after a commit")
    func reset() async throws {
        try await find {
            index.committed([commit(second)])
            index.reset()
        }
        #expect(index.conversation(.id(talk), of: caller) == nil)
    }

    @Test("A load of a state that is older than what memory has takes nothing back")
    func older() async throws {
        _ = try await index.conversation(.id(talk), of: caller, from: store)
        index.committed([commit(second)])
        #expect(try await find(as: Caller(user: UserID(trusted: "mallory"))) {} == nil)
        #expect(index.conversation(.id(talk), of: caller) == second)
    }

    @Test("A list that may have changed is forgotten, with what a running load will find")
    func forgottenLists() async throws {
        func forget() {
            index.committed([Commit(tenant: .none, conversation: first, listChanges: [], forgottenLists: [alice, bob])])
        }
        _ = try await index.list(of: caller, from: store)
        let token = index.invalidationToken(ofListOf: caller, at: 5)
        forget()
        #expect(index.list(of: caller) == nil && token?.isValid == false)
        #expect(try await findList(overtakenBy: forget).change == 5)
        #expect(index.list(of: caller) == nil)
    }

    @Test("A commit elsewhere does not overtake a load")
    func elsewhere() async throws {
        let other = conversation(ConversationID(trusted: "conv-2"), lastN: 9, (alice, 0), (bob, 0))
        try await find { index.committed([commit(other)]) }
        #expect(index.conversation(.id(talk), of: caller) == first)
    }

    @Test("Of two loads at once, the second does not bring back what a commit replaced after the first")
    func twoLoads() async throws {
        try await find {
            _ = try await index.conversation(.id(talk), of: caller, from: store)
            index.committed([commit(second)])
        }
        #expect(index.conversation(.id(talk), of: caller) == second)
    }
}
