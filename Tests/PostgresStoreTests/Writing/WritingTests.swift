import Messaging
import TestSupport
import Testing

@testable import PostgresStore

struct WritingTests {
    let database: PostgresDatabase
    let recorder = Recorder()
    let store: PostgresStore

    init() throws {
        database = try PostgresDatabase()
        store = try PostgresStore(address: database.connection, observer: recorder)
    }

    @Test("A first message opens the direct conversation, and a second one finds it")
    func direct() async throws {
        let first = try await store.send(draft(alice, to: .direct(with: bob), "one"))
        let second = try await store.send(draft(bob, to: .direct(with: alice), "two", new: "new-2"))
        #expect(first.opened && !second.opened)
        #expect(second.conversation.id == first.conversation.id)
        #expect([first.message.n, second.message.n] == [1, 2])
        #expect(try await store.allMessages(first.conversation.id).map(\.content) == ["one", "two"])
        store.close()
    }

    @Test("Thirty senders at once leave no gap, and the observer is told in the order of the numbers")
    func noGaps() async throws {
        let users = (10..<40).map { UserID(trusted: "user-\($0)") }
        let group = ConversationID(trusted: "group")
        _ = try await store.send(draft(users[0], to: .id(group), "first", receivers: users))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for user in users {
                tasks.addTask { [store] in
                    for index in 0..<20 { _ = try await store.send(draft(user, to: .id(group), "\(user) \(index)")) }
                }
            }
            try await tasks.waitForAll()
        }
        let messages = try await store.allMessages(group, as: users[0])
        #expect(messages.map(\.n) == Array(1...601))
        #expect(recorder.commits.compactMap { $0.message?.n } == Array(1...601))
        for user in users.dropFirst() {
            #expect(messages.filter { $0.sender == user }.map(\.content) == (0..<20).map { "\(user) \($0)" })
        }
    }

    @Test("A retry gets the first answer, and other content under the same key is a conflict")
    func retries() async throws {
        let first = try await store.send(draft(alice, to: .direct(with: bob), "one", key: "k"))
        let again = try await store.send(draft(alice, to: .direct(with: bob), "one", key: "k"))
        #expect(again.replayed && again.message == first.message)
        await #expect(throws: MessagingError.idempotencyConflict) {
            try await store.send(draft(alice, to: .direct(with: bob), "two", key: "k"))
        }
        // In one batch, the later ones wait for the next.
        let results = try await withThrowingTaskGroup(of: SentMessage.self) { tasks in
            for _ in 0..<20 {
                tasks.addTask { [store] in try await store.send(draft(bob, to: .direct(with: alice), "x", key: "k2")) }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { !$0.replayed } == 1)
        #expect(Set(results.map(\.message.n)) == [2])
    }

    @Test("A read marker moves forward only, and the others see it")
    func reading() async throws {
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        _ = try await store.send(draft(alice, to: .id(id), "two"))
        #expect(try await store.markRead(id, upTo: 1, by: caller(bob)) == ReadOutcome(readUpTo: 1, unread: 1))
        #expect(try await store.markRead(id, upTo: nil, by: caller(bob)) == ReadOutcome(readUpTo: 2, unread: 0))
        #expect(try await store.markRead(id, upTo: 1, by: caller(bob)) == ReadOutcome(readUpTo: 2, unread: 0))
        await #expect(throws: MessagingError.invalidReadPosition) {
            try await store.markRead(id, upTo: 3, by: caller(bob))
        }
        await #expect(throws: MessagingError.conversationNotFound) {
            try await store.markRead(id, upTo: nil, by: caller(carol))
        }
        let found = try await store.conversation(.id(id), of: caller(alice))
        #expect(found?.marks(for: alice)?.othersReadUpTo == 2)
        #expect(recorder.commits.last?.conversation == found)
    }

    @Test("A list shows the latest activity first, with names, unread counts and newest messages")
    func list() async throws {
        let one = try await store.send(draft(alice, to: .direct(with: bob), "to bob")).conversation.id
        let two = try await store.send(draft(carol, to: .direct(with: alice), "from carol", new: "new-2")).conversation
            .id
        try await store.setPerson(Person(id: carol, name: "Carol\0", company: "Acme"), tenant: .none)
        let page = try await store.conversations(of: caller(alice), .newest, limit: 10, messages: 5)
        #expect(page.conversations.map(\.conversation.id) == [two, one])
        #expect(page.conversations[0].people.map(\.displayName) == ["alice", "Carol"])
        #expect(page.conversations.map(\.unread) == [1, 0])
        #expect(page.conversations[1].newest.map(\.content) == ["to bob"])
        #expect(
            page.latestChange == recorder.commits.flatMap(\.listChanges).filter { $0.user == alice }.map(\.change).max()
        )
        let since = try await store.conversations(of: caller(alice), .since(page.latestChange), limit: 10, messages: 5)
        #expect(since.conversations.isEmpty && since.position == page.latestChange)
        #expect(try await store.latestChange(for: caller(alice)) == page.latestChange)
        #expect(try await store.latestChange(for: caller(UserID(trusted: "nobody"))) == 0)
        #expect(await store.checkReadiness() == nil)
    }
}
