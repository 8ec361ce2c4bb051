import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("A store with a read replica")
struct ReplicaTests {
    private static let old = "/api/messages/conversations/conv-456/messages?before=31&limit=5"
    private let index = FreshnessIndex(capacity: 10)
    private let asked = Asked()

    /// Counts how often the replica was asked.
    private final class Asked: Sendable {
        private let count = Atomic<Int>(0)

        var times: Int { count.load(ordering: .relaxed) }

        func again() { count.add(1, ordering: .relaxed) }
    }

    /// A service on a primary whose messages read "primary".
    ///
    /// - Parameter content: the content of the replica's messages; nil where it does not answer. Called when it is asked.
    private func service(
        clock: FeedClock = .alone, replica content: @escaping @Sendable () -> String?
    ) -> (service: MessagingService, store: MemoryStore) {
        @Sendable func messages(_ content: String) -> [Message] { (1...200).map { message($0, from: bob, content) } }
        let store = MemoryStore(
            conversation(lastN: 200, (alice, 0), (bob, 0)), messages: messages("primary"), feedClock: clock
        ) { [asked] in
            asked.again()
            return content().map(messages)
        }
        let service = MessagingService(
            store: store, index: index, identity: DemoIdentity(), settings: ServiceSettings(),
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }))
        return (service, store)
    }

    private func get(_ url: String = old) -> Request { request(.get, url, [(.userID, "alice")]) }

    @Test("An older page is answered with what the replica has, under the entity tag of the primary's")
    func page() async throws {
        let (service, store) = service { "replica" }
        let page = await service.answer(get())
        #expect(page.status == 200 && text(page.body).contains("replica") && text(page.body).contains("conv-456:26"))
        // The conversation was read, and nothing else.
        #expect(store.reads == 1)
        let same = await self.service { nil }.service.answer(get())
        #expect(text(same.body).contains("primary"))
        #expect(page.value(of: "ETag") == same.value(of: "ETag"))
        #expect(page.fields == same.fields)
    }

    @Test(
        "A message that was removed while the replica was read is not shown",
        arguments: [(revision: 1, prunedUpTo: 0), (revision: 0, prunedUpTo: 28)])
    func removed(revision: Int64, prunedUpTo: Int64) async {
        var now = conversation(lastN: 200, (alice, 0), (bob, 0))
        (now.revision, now.prunedUpTo) = (revision, prunedUpTo)
        let commit = Commit(tenant: .none, conversation: now, listChanges: [], isRemoval: true)
        let (service, _) = service { [index] in
            index.committed([commit])
            return "removed"
        }
        let page = await service.answer(get())
        #expect(page.status == 200 && !text(page.body).contains("removed"))
        #expect(asked.times == 1)
    }

    @Test("Where memory was emptied or may not answer any more, as in a failover, the primary is asked")
    func memory() async {
        let (emptied, _) = service { [index] in
            index.reset()
            return "replica"
        }
        let page = await emptied.answer(get())
        #expect(text(page.body).contains("primary"))
        let clock = FeedClock(
            bound: 30, now: { 1000 }, wanted: {}, pause: { try? await Task.sleep(for: $0) })
        clock.leaseGranted(from: 0, until: 2000)
        clock.looked(from: 999)
        let (service, _) = service(clock: clock) {
            clock.leaseLost()
            return "replica"
        }
        let other = await service.answer(get())
        #expect(text(other.body).contains("primary"))
    }

    @Test(
        "Only pages with before= are looked for at a replica",
        arguments: ["?limit=50", "?since=31&limit=150", "?since=31", "?before=200&limit=5", "?before=1", ""])
    func others(query: String) async {
        let (service, _) = service { "replica" }
        let answer = await service.answer(get("/api/messages/conversations/conv-456/messages" + query))
        #expect(answer.status == 200 && !text(answer.body).contains("replica"))
        #expect(asked.times == 0)
    }
}
