import Foundation
import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

/// A server begins to answer on the thread of a loop, where others wait.
@Suite("What is done on the thread that a request comes in on")
struct ThreadsTests {
    /// Knows nobody, and finds out who asks on whatever thread it is asked.
    private struct Stranger: Identity {
        let found: @Sendable () -> Void
        var vary: String { "Authorization" }
        var exposure: CrossSiteExposure { .nothing }

        func rememberedCaller(of request: Request, _ query: Query?) throws(Problem) -> Caller? { nil }

        func caller(of request: Request, _ query: Query) async throws(Problem) -> IdentifiedCaller {
            found()
            return IdentifiedCaller(Caller(tenant: .none, user: alice))
        }
    }

    private final class Threads: Sendable {
        let seen = Mutex<[UInt]>([])

        func note() { seen.withLock { $0.append(UInt(pthread_self())) } }
    }

    private func service(
        _ identity: some Identity, description: ServiceDescription? = nil, drafted: @escaping @Sendable () -> Void = {}
    ) -> MessagingService {
        MessagingService(
            store: MemoryStore(conversation(lastN: 0, (alice, 0), (bob, 0)), messages: []),
            index: FreshnessIndex(capacity: 10), identity: identity, settings: ServiceSettings(),
            environment: ServiceEnvironment(
                now: {
                    drafted()
                    return noon
                }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }),
            description: description)
    }

    /// Sends as a loop does, and says whether something was noted on the loop's thread; nil where it was noted nowhere.
    private func isOnLoop(_ threads: Threads, _ service: MessagingService, content: String) async -> Bool? {
        let request = request(
            .post, "/api/messages/conversations/conv-456/messages",
            [(.userID, "alice"), (.contentType, "text/plain")], body: Array(content.utf8))
        let (loop, status) = await answer(request, service)
        #expect(status == 201)
        return threads.seen.withLock { $0.isEmpty ? nil : $0.contains(loop) }
    }

    /// Answers as a loop does; returns its thread, and the status.
    private func answer(_ request: Request, _ service: MessagingService) async -> (thread: UInt, status: Int) {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let loop = UInt(pthread_self())
                Task.immediate { continuation.resume(returning: (loop, await service.answer(request).status)) }
            }
        }
    }

    @Test("A message is parsed on the loop thread, unless it is large")
    func bodies() async {
        for (length, isOnLoop) in [(10, true), (10_000, false)] {
            let threads = Threads()
            let service = service(DemoIdentity(), drafted: threads.note)
            let content = String(repeating: "x", count: length)
            #expect(await self.isOnLoop(threads, service, content: content) == isOnLoop)
        }
    }

    @Test("The description is not made on the loop thread")
    func description() async {
        let threads = Threads()
        let made = ServiceDescription(yaml: []) {
            threads.note()
            return []
        }
        let (loop, status) = await answer(request(.get, "/openapi.json"), service(DemoIdentity(), description: made))
        #expect(status == 200)
        #expect(threads.seen.withLock { !$0.isEmpty && !$0.contains(loop) })
    }

    @Test("A token that is not known yet is verified off the loop thread")
    func strangers() async {
        let threads = Threads()
        #expect(await isOnLoop(threads, service(Stranger(found: threads.note)), content: "Hi") == false)
    }
}
