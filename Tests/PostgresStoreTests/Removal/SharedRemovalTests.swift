import Messaging
import StoreWork
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Removals from a database that several servers serve", .timeLimit(.minutes(15)))
struct SharedRemovalTests {
    private let database: PostgresDatabase
    private let id = ConversationID(trusted: "c")
    private let year = Timestamp(milliseconds: noon.milliseconds + 400 * 86_400_000)

    init() throws {
        database = try PostgresDatabase()
    }

    private func store(_ recorder: Recorder, atOnce: Int = 500) throws -> PostgresStore {
        var bounds = StoreBounds()
        bounds.messagesRemovedAtOnce = atOnce
        return try PostgresStore(address: database.connection, observer: recorder, bounds: bounds)
    }

    private func fill(_ store: PostgresStore, _ count: Int) async throws {
        _ = try store.open(
            NewConversation(id: id, participants: [alice, bob], isDirect: false), tenant: .none, at: noon)
        for n in 1...count { _ = try await store.send(draft(alice, to: .id(id), "secret \(n)")) }
    }

    @Test("Every node is told of each step of a removal, and none empties its memory")
    func told() async throws {
        let (first, second) = (Recorder(), Recorder())
        let one = try store(first, atOnce: 2)
        defer { one.close() }
        try await fill(one, 3)
        let two = try store(second)
        defer { two.close() }
        // Memory is fed while a client polls.
        for store in [one, two] { #expect(await eventually { await store.feedClock.nextLook(within: .seconds(1)) }) }
        let resets = (first.resets, second.resets)
        #expect(try one.erase(MessageID(conversation: id, n: 1), tenant: .none) == true)
        #expect(try one.prune(.everything, before: year) == PruneSummary.removing(3))
        for (store, recorder) in [(one, first), (two, second)] {
            #expect(await store.feedClock.nextLook(within: .seconds(5)))
            let removals = recorder.commits.filter(\.isRemoval)
            #expect(removals.map(\.conversation.prunedUpTo) == [0, 2, 3])
            #expect(removals.map(\.conversation.revision) == [1, 1, 1])
            #expect(removals.allSatisfy { $0.listChanges.map(\.user) == [alice, bob] })
            #expect(
                removals.allSatisfy { commit in
                    commit.conversation.participants.allSatisfy { $0.readUpTo == commit.conversation.prunedUpTo }
                })
            let found = try #require(try await store.conversation(.id(id), of: caller(bob)))
            #expect(found.change == removals.last?.conversation.change && found.prunedUpTo == 3)
        }
        try one.compact()
        _ = try await two.send(draft(bob, to: .id(id), "next"))
        #expect(await one.feedClock.nextLook(within: .seconds(5)))
        #expect((first.resets, second.resets) == resets)
    }

    @Test("Messages of a state from before a removal are not read, and a list shows the one after it")
    func overtaken() async throws {
        let store = try store(Recorder())
        defer { store.close() }
        try await fill(store, 3)
        let before = try #require(try await store.conversation(.id(id), of: caller(bob)))
        #expect(try store.erase(MessageID(conversation: id, n: 2), tenant: .none) == true)
        await #expect(throws: MessagingError.messagesRemoved) {
            try await store.messages(in: before, [MessageSlice(1...3)], limit: 10)
        }
        let after = try #require(try await store.conversation(.id(id), of: caller(bob)))
        #expect(try await store.messages(in: after, [MessageSlice(1...3)], limit: 10).map(\.content)[1] == "")
        #expect(after.revision == 1)
    }

    @Test("A list is of one state, however often something is removed while it is read")
    func lists() async throws {
        let store = try store(Recorder(), atOnce: 1)
        defer { store.close() }
        try await fill(store, 60)
        async let erased = elsewhere { try store.erase(alice, tenant: .none) }
        var revisions: Set<Int64> = []
        repeat {
            let entry = try await store.conversations(of: caller(bob), .newest, limit: 20, messages: 60).conversations[
                0]
            // One step empties one message, from the first one on.
            let empty = entry.newest.map(\.content).prefix { $0.isEmpty }.count
            #expect(Int64(empty) == entry.conversation.revision)
            revisions.insert(entry.conversation.revision)
        } while !revisions.contains(60)
        #expect(try await erased.result.get() == 60)
    }

    @Test("One node at a time removes what is too old; another takes it on once that one has given it up or is gone")
    func retention() async throws {
        let one = try store(Recorder())
        try await fill(one, 1)
        let two = try store(Recorder())
        defer { two.close() }
        #expect(try one.beginRetention() && one.beginRetention())
        #expect(try !two.beginRetention())
        two.endRetention()
        #expect(try !two.beginRetention())
        one.endRetention()
        #expect(try two.beginRetention() && !one.beginRetention())
        two.endRetention()
        #expect(try one.beginRetention())
        one.close()
        #expect(try two.beginRetention())
    }
}

extension PruneSummary {
    fileprivate static func removing(_ count: Int) -> PruneSummary {
        var summary = PruneSummary()
        summary.removed = count
        return summary
    }
}
