import HTTP
import Messaging
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("One conversation, and the list by the caller's own id")
struct ShowConversationTests {
    private static let one = "/api/messages/conversations/conv-456"
    private static let own = "/api/messages/conversations/alice"

    private let index = FreshnessIndex(capacity: 10)
    private let known = conversation(lastN: 1, (alice, 0), (bob, 0))

    private func service() -> MessagingService {
        MessagingService(
            store: MemoryStore(known, messages: [message(1, from: bob)]), index: index, identity: DemoIdentity(),
            settings: ServiceSettings(),
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }))
    }

    private func poll(
        _ path: String, tag: String? = nil, method: HTTP.Method = .get
    ) -> Request {
        request(method, path, [(.userID, "alice")] + (tag.map { [(.ifNoneMatch, $0)] } ?? []))
    }

    @Test(
        "an idle poll of one conversation, or of the list by the own id, is answered from memory by the same response",
        arguments: [one, own])
    func idle(path: String) async throws {
        let service = service()
        #expect(service.begin(poll(path)).response == nil)
        let first = await service.answer(poll(path))
        #expect(first.status == 200)
        let tag = try #require(first.value(of: "ETag"))
        let second = try #require(service.begin(poll(path, tag: tag)).response)
        #expect(second.status == 304)
        #expect(service.begin(poll(path, tag: tag)).response === second)
        #expect(service.begin(poll(path, tag: tag, method: .head)).response?.status == 304)
        #expect(service.begin(poll(path, tag: "\"another\"")).response == nil)
    }

    @Test("a commit of the conversation ends its 304 in memory, also where only a name has changed")
    func ended() async throws {
        let service = service()
        let tag = await service.answer(poll(Self.one)).value(of: "ETag")
        #expect(service.begin(poll(Self.one, tag: tag)).response?.status == 304)
        #expect(service.begin(poll(Self.one, tag: tag)).response?.status == 304)
        var renamed = known
        renamed.change = 9
        index.committed([Commit(tenant: .none, conversation: renamed, listChanges: [])])
        #expect(service.begin(poll(Self.one, tag: tag)).response == nil)
    }

    @Test("a commit of another conversation leaves the 304 in memory as it is")
    func others() async throws {
        let service = service()
        let tag = await service.answer(poll(Self.one)).value(of: "ETag")
        let kept = service.begin(poll(Self.one, tag: tag)).response
        let other = Conversation(
            id: ConversationID(trusted: "other"), key: 2, lastN: 1, participants: Array(known.participants))
        index.committed([
            Commit(tenant: .none, conversation: other, listChanges: [.init(user: alice, change: 10)])
        ])
        #expect(service.begin(poll(Self.one, tag: tag)).response === kept)
    }

    @Test("a refusal is counted for the list or for one conversation, by whose id was asked for")
    func labels() async {
        let service = service()
        func endpoint(_ request: Request) -> Endpoint? { service.begin(request).response?.label.endpoint }
        #expect(endpoint(poll(Self.own + "?limit=0")) == .conversations)
        #expect(endpoint(poll(Self.one + "?limit=0")) == .conversation)
        #expect(endpoint(request(.get, Self.own + "?limit=0&userId=alice")) == .conversations)
        #expect(endpoint(request(.get, Self.own)) == .conversation)
    }
}
