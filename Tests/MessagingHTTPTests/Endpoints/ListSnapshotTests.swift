import HTTP
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import MessagingHTTP

/// The newest page of a list from a server that answered it before, beside that of one that has only the store.
@Suite("Lists that are kept in memory", .onEachStore)
struct ListSnapshotTests {
    private static let talks = (1...5).map { ConversationID(trusted: "c-\($0)") }

    private final class Served: Sendable {
        let store: any Store
        let service: MessagingService
        private let home: StoreHome

        init() throws {
            home = try StoreHome()
            let index = FreshnessIndex(capacity: 100)
            store = try home.open(observer: index)
            service = Self.service(store, index)
        }

        deinit { store.close() }

        private static func service(_ store: any Store, _ index: FreshnessIndex) -> MessagingService {
            var settings = ServiceSettings()
            settings.limits.polls = RateLimit(name: "polls", perSecond: 0, burst: 1)
            return MessagingService(
                store: store, index: index, identity: DemoIdentity(), settings: settings,
                environment: ServiceEnvironment(
                    now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "new") }, log: { _ in }))
        }

        /// Compares the list of a user with what a server answers that has nothing in memory; returns it.
        @discardableResult
        func expectSame(_ user: UserID, _ query: String, _ what: Comment) async throws -> String {
            let target = "/api/messages/conversations\(query)"
            let asked = request(.get, target, [(.userID, user.text)])
            let answer = await service.answer(asked)
            let other = Self.service(store, FreshnessIndex(capacity: 10))
            let fresh = await other.answer(asked)
            #expect(answer.status == 200)
            #expect(text(answer.body) == text(fresh.body), what)
            #expect(answer.value(of: "ETag") == fresh.value(of: "ETag"), what)
            #expect(answer.value(of: "Link") == fresh.value(of: "Link"), what)
            // Compressed, it is the same text, and the same bytes as by a server without anything in memory.
            let coded = request(.get, target, [(.userID, user.text), (.acceptEncoding, "gzip")])
            let (short, shortFresh) = (await service.answer(coded), await other.answer(coded))
            if short.value(of: "Content-Encoding") != nil { #expect(gunzip(short.body) == answer.body, what) }
            #expect(short.body == shortFresh.body, what)
            let head = await service.answer(request(.head, target, [(.userID, user.text), (.acceptEncoding, "gzip")]))
            #expect(head.sizeOfBody == short.body.count && head.body.isEmpty, what)
            return text(answer.body)
        }

        func snapshot(of user: UserID, limit: Int = 100) -> ListSnapshot? {
            service.context.listSnapshots.snapshot(
                of: Caller(user: user), limit: limit, in: service.context.index.generation)
        }
    }

    /// Alice has five conversations with Bob, and a group with Bob and Carol.
    private func served() async throws -> Served {
        let served = try Served()
        for talk in Self.talks { try served.store.open(talk.text, alice, bob) }
        try served.store.open("group", alice, bob, carol)
        for (number, talk) in Self.talks.enumerated() {
            _ = try await served.store.send(try draft(alice, to: .id(talk), "Message \(number)"))
        }
        return served
    }

    @Test("After a change of each kind, everybody sees in their list what the store has")
    func changes() async throws {
        let served = try await served()
        let store = served.store
        let later = Timestamp(milliseconds: noon.milliseconds + 1000 * 86_400_000)
        let remover = try #require(store as? any DataRemover)
        let changes: [(Comment, () async throws -> Void)] = [
            ("nothing", {}),
            ("a message", { _ = try await store.send(try draft(bob, to: .id(Self.talks[1]), "News")) }),
            ("a message to a group", { _ = try await store.send(try draft(carol, to: .id(conversationID("group")))) }),
            ("a marker", { _ = try await store.markRead(Self.talks[1], upTo: nil, by: caller(alice)) }),
            ("the other's marker", { _ = try await store.markRead(Self.talks[3], upTo: nil, by: caller(bob)) }),
            ("a name", { try await store.setPerson(Person(id: bob, name: "Bob", company: "Acme"), tenant: .none) }),
            ("one's own name", { try await store.setPerson(Person(id: alice, name: "Alice"), tenant: .none) }),
            ("an opening", { try store.open("later", alice, bob) }),
            ("an erasure", { _ = try remover.erase(MessageID(conversation: Self.talks[0], n: 1), tenant: .none) }),
            ("a pruning", { _ = try remover.prune(.conversations([Self.talks[2]], .none), before: later) }),
        ]
        for (what, change) in changes {
            try await change()
            // The second time nothing is left to read.
            for _ in 1...2 {
                for user in [alice, bob, carol] {
                    for query in ["", "?limit=3", "?messages=0", "?limit=3&messages=1"] {
                        try await served.expectSame(user, query, what)
                    }
                }
            }
        }
        #expect(served.snapshot(of: alice, limit: 3) != nil)
    }

    @Test("An erasure leaves no list in memory, not even until somebody asks for one")
    func erased() async throws {
        let served = try await served()
        let remover = try #require(served.store as? any DataRemover)
        let snapshots = served.service.context.listSnapshots
        try await served.expectSame(alice, "", "before")
        #expect(snapshots.cost > 0)
        _ = try remover.erase(MessageID(conversation: Self.talks[0], n: 1), tenant: .none)
        #expect(snapshots.cost == 0)
    }

    @Test("Two participants of the same conversations each see their own unread counts, marks and names")
    func viewers() async throws {
        let served = try await served()
        _ = try await served.store.markRead(Self.talks[4], upTo: nil, by: caller(bob))
        for _ in 1...2 {
            let (alices, bobs) = (
                try await served.expectSame(alice, "", "alice"), try await served.expectSame(bob, "", "bob")
            )
            #expect(served.snapshot(of: alice) != nil && served.snapshot(of: bob) != nil)
            #expect(!alices.contains("\"sent\":false") && !bobs.contains("\"sent\":true"))
            #expect(alices.contains("\"name\":\"bob\"") && bobs.contains("\"unread\":1,"))
            #expect(!alices.contains("\"unread\":1,"))
        }
        // A stranger with nothing in common has nothing to see.
        #expect(try await served.expectSame(UserID(trusted: "dave"), "", "dave") == "[]")
    }

    @Test("A page after changes is made of the one before it and of what has changed since")
    func followed() async throws {
        let served = try await served()
        try await served.expectSame(alice, "", "first")
        let first = try #require(served.snapshot(of: alice))
        _ = try await served.store.send(try draft(bob, to: .id(Self.talks[2]), "News"))
        try await served.expectSame(alice, "", "second")
        let second = try #require(served.snapshot(of: alice))
        #expect(second.page.latestChange > first.page.latestChange)
        #expect(second.page.conversations.first?.conversation.id == Self.talks[2])
        #expect(second.page.conversations.count == 6)
    }

    @Test("After something was removed, no list from before stays in memory")
    func removed() async throws {
        let served = try await served()
        for user in [alice, bob] { try await served.expectSame(user, "", "before") }
        #expect(served.snapshot(of: alice) != nil && served.snapshot(of: bob) != nil)
        let remover = try #require(served.store as? any DataRemover)
        _ = try remover.erase(MessageID(conversation: Self.talks[0], n: 1), tenant: .none)
        #expect(served.snapshot(of: alice) == nil && served.snapshot(of: bob) == nil)
        #expect(served.service.context.listSnapshots.cost == 0)
    }
}
