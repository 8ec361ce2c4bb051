import Foundation
import Messaging
import StoreTestSupport
import StoreWork
import TestSupport
import Testing

/// What is removed from a store while it serves; on the stores that can.
@Suite(.onEachStore)
struct ServingRemovalTests {
    private let home: StoreHome
    private let recorder = Recorder()
    private let id = conversationID("c")

    init() throws {
        home = try StoreHome()
    }

    /// Opens a store whose steps look at few messages.
    private func store(atOnce: Int = 2) throws -> (any Store & DataRemover)? {
        var bounds = StoreBounds()
        bounds.messagesRemovedAtOnce = atOnce
        let store = try home.open(observer: recorder, bounds: bounds)
        if let removing = store as? any Store & DataRemover { return removing }
        store.close()
        return nil
    }

    private func fill(_ store: any Store, _ count: Int) async throws {
        try store.open("c", alice, bob)
        try store.open("other", bob, carol)
        for n in 1...count {
            _ = try await store.send(draft(n.isMultiple(of: 2) ? bob : alice, to: .id(id), "secret \(n)"))
        }
        _ = recorder.take()
    }

    @Test("Each step of an erasure is a commit of its own, tells who sees it, and counts the revision")
    func steps() async throws {
        guard let store = try store() else { return }
        try await fill(store, 10)
        #expect(try store.erase(alice, tenant: .none) == 5)
        let commits = recorder.take()
        #expect(commits.count == 3 && commits.allSatisfy(\.isRemoval))
        #expect(commits.map(\.conversation.revision) == [1, 2, 3])
        #expect(commits.allSatisfy { $0.conversation.id == id && $0.listChanges.map(\.user) == [alice, bob] })
        #expect(Set(commits.map(\.conversation.change)).count == 3)
        #expect(try await store.allMessages(id).map(\.content) == (1...10).map { $0 % 2 == 0 ? "secret \($0)" : "" })
        let found = try #require(try await store.conversation(.id(id), of: caller(bob)))
        #expect(found == commits.last?.conversation)
        // The writer goes on from the same state.
        let sent = try await store.send(draft(bob, to: .id(id), "next"))
        #expect(sent.message.n == 11 && sent.conversation.revision == 3)
        store.close()
        #expect(try home.check() == [])
    }

    @Test("A pruning counts no revision, moves the markers, and an entry of a list shows it")
    func pruning() async throws {
        guard let store = try store(atOnce: 4) else { return }
        try await fill(store, 9)
        let before = try await store.list(of: bob)
        let later = Timestamp(milliseconds: noon.milliseconds + 1)
        #expect(try store.prune(.conversations([id], .none), before: later).removed == 9)
        let commits = recorder.take()
        #expect(commits.map(\.conversation.prunedUpTo) == [4, 8, 9])
        #expect(commits.allSatisfy { $0.isRemoval && $0.conversation.revision == 0 })
        let changed = try await store.list(of: bob, .since(before.latestChange))
        #expect(changed.conversations.map(\.conversation.id) == [id] && changed.conversations[0].unread == 0)
        #expect(try await store.send(draft(alice, to: .id(id), "next")).message.n == 10)
        store.close()
        #expect(try home.check() == [])
    }

    @Test("A name that is erased changes the user's conversations, and nobody else's")
    func name() async throws {
        guard let store = try store() else { return }
        try await fill(store, 1)
        try await store.setPerson(Person(id: alice, name: "Alice Archer", company: "Acme"), tenant: .none)
        _ = recorder.take()
        #expect(try store.erase(alice, tenant: .none) == 1)
        #expect(recorder.take().allSatisfy { $0.conversation.id == id })
        #expect(
            try await store.list(of: bob).conversations.first { $0.conversation.id == id }?.people[0]
                == Person(id: alice))
        #expect(try store.erase(carol, tenant: .none) == 0)
        #expect(try store.erase(UserID(trusted: "nobody"), tenant: .none) == nil)
        store.close()
        let records = try home.export()
        #expect(!"\(records)".contains("Archer"))
    }

    @Test("After each step it says how many messages are done and how long others waited")
    func progress() async throws {
        guard let store = try store(atOnce: 4) else { return }
        try await fill(store, 20)
        var steps: [RemovalProgress] = []
        #expect(try store.erase(alice, tenant: .none, afterStep: { steps.append($0) }) == 10)
        #expect(steps.last?.messages == 10 && steps.count >= 3)
        #expect(steps.map(\.messages) == steps.map(\.messages).sorted())
        #expect(steps.allSatisfy { $0.held > .zero && $0.held < .seconds(60) })
        steps = []
        let later = Timestamp(milliseconds: noon.milliseconds + 1)
        #expect(try store.prune(.everything, before: later, afterStep: { steps.append($0) }).removed == 20)
        #expect(steps.last?.messages == 20 && steps.count >= 5)
        store.close()
        #expect(try home.check() == [])
    }

    @Test("What is thrown after a step ends a removal there, and the same call again completes it")
    func endsEarly() async throws {
        struct Enough: Error {}
        guard let store = try store(atOnce: 4) else { return }
        try await fill(store, 20)
        #expect(throws: Enough.self) {
            try store.erase(alice, tenant: .none) { if $0.messages > 0 { throw Enough() } }
        }
        let left = try await store.allMessages(id).count { $0.sender == alice && !$0.content.isEmpty }
        #expect(left > 0 && left < 10)
        #expect(try store.erase(alice, tenant: .none) == left)
        let later = Timestamp(milliseconds: noon.milliseconds + 1)
        #expect(throws: Enough.self) {
            try store.prune(.everything, before: later) { _ in throw Enough() }
        }
        let kept = try await store.allMessages(id).count
        #expect(kept > 0 && kept < 20)
        #expect(try store.prune(.everything, before: later).removed == kept)
        store.close()
        #expect(try home.check() == [])
    }

    @Test("Other writes go on between the steps of a removal")
    func between() async throws {
        guard let store = try store(atOnce: 1) else { return }
        try await fill(store, 40)
        async let erased = withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try store.erase(alice, tenant: .none) }) }
        }
        for n in 1...20 {
            _ = try await store.send(draft(carol, to: .id(conversationID("other")), "beside \(n)"))
        }
        #expect(try await erased == 20)
        #expect(try await store.allMessages(id).filter { $0.sender == alice }.allSatisfy(\.content.isEmpty))
        store.close()
        #expect(try home.check() == [])
    }
}
