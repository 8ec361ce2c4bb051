import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

/// How many conversations a user may open, by a clock that the test turns.
struct OpeningLimitTests {
    /// Opens what it is asked for, and remembers that it exists.
    private final class OpeningStore: MessageStore {
        let epoch = k3f9
        let cursorKey = CursorKey(random: 0, 0)
        private let known = Mutex<Set<ConversationReference>>([])
        private let isBroken = Atomic(false)

        func breakDown(_ isBroken: Bool) { self.isBroken.store(isBroken, ordering: .relaxed) }

        func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
            guard !isBroken.load(ordering: .relaxed) else { throw .overloaded }
            let isNew = known.withLock { !$0.contains(draft.conversation) }
            if isNew { _ = try NewConversation(for: draft) }
            known.withLock { _ = $0.insert(draft.conversation) }
            let talk = Conversation(
                id: draft.newConversationID, key: 1, lastN: 1,
                participants: [.init(user: draft.caller.user), .init(user: UserID(trusted: "zoe"))])
            let message = Message(
                n: 1, sender: draft.caller.user, content: draft.content.text, sentAt: draft.sentAt,
                clientMessageID: nil)
            return SentMessage(conversation: talk, message: message, replayed: false, opened: isNew)
        }

        func conversation(
            _ reference: ConversationReference, of caller: Caller
        ) async throws(MessagingError) -> Conversation? { nil }
        func messages<Answer: Sendable>(
            in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
            make: @escaping @Sendable (PackedMessages) -> Answer
        ) async throws(MessagingError) -> Answer { make(PackedMessages([])) }
        func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 { 0 }
        func conversations<Answer: Sendable>(
            of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
            newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
        ) async throws(MessagingError) -> Answer { throw .overloaded }
        func summary<Answer: Sendable>(
            of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
            make: @escaping @Sendable (ConversationSummary?) -> Answer
        ) async throws(MessagingError) -> Answer { throw .overloaded }
        func markRead(
            _ conversation: ConversationID, upTo: Int64?, by caller: Caller
        ) async throws(MessagingError) -> ReadOutcome { throw .overloaded }
        func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {}
        func checkReadiness() async -> StoreFault? { nil }
    }

    private let clock = ManualClock()
    private let store = OpeningStore()

    private func service(_ configure: (inout ServiceLimits) -> Void = { _ in }) -> MessagingService {
        var settings = ServiceSettings()
        settings.limits.sends = RateLimit(name: "sends", perSecond: 0, burst: 1)
        configure(&settings.limits)
        return MessagingService(
            store: store, index: FreshnessIndex(capacity: 10), identity: DemoIdentity(), settings: settings,
            environment: ServiceEnvironment(
                now: { noon }, ticks: { [clock] in clock.now },
                makeConversationID: { ConversationID(trusted: "direct") }, log: { _ in }))
    }

    private func send(
        _ service: MessagingService, to id: String, _ members: String = "", by user: String = "ann"
    ) async -> Response {
        var fields = RequestFields()
        fields.append(.host, "localhost".utf8)
        fields.append(.userID, user.utf8)
        fields.append(.contentType, "application/json".utf8)
        let target = Array("/api/messages/conversations/\(id)/messages".utf8)
        let body = Array("{\"content\":\"Hi\"\(members)}".utf8)
        return await service.answer(Request(method: .post, target: target, fields: fields, body: body))
    }

    private func crowd(_ count: Int) -> String {
        let others = (1..<count).map { "\"p\($0)\"" }.joined(separator: ",")
        return ",\"participantIds\":[\(others)]"
    }

    private func limited(_ response: Response) {
        #expect(response.status == 429)
        #expect(text(response.body).contains("urn:postbox:problem:rate-limited"))
        #expect(response.value(of: "ratelimit-policy")?.hasPrefix("\"openings\";q=60;w=300") == true)
        #expect(response.value(of: "retry-after") != nil)
    }

    @Test("Sixty conversations at once and then one in five seconds, by @user, receiverId or participantIds")
    func edges() async {
        let service = service()
        for number in 0..<20 {
            #expect(await send(service, to: "@p\(number)").status == 201)
            #expect(await send(service, to: "a\(number)", ",\"receiverId\":\"bob\"").status == 201)
            #expect(await send(service, to: "b\(number)", crowd(19)).status == 201)
        }
        let refusal = await send(service, to: "@more")
        limited(refusal)
        #expect(refusal.value(of: "retry-after") == "5")
        limited(await send(service, to: "more", ",\"recipientId\":\"bob\""))
        limited(await send(service, to: "more", crowd(3)))
        #expect(service.refusals.openings == 3)
        #expect(service.peopleLimited == 1)
        #expect(await send(service, to: "@other", by: "ben").status == 201)
        clock.pass(4)
        limited(await send(service, to: "@more"))
        clock.pass(1)
        #expect(await send(service, to: "@more").status == 201)
        limited(await send(service, to: "@evenmore"))
    }

    @Test(
        "A group counts one more for each twenty people", arguments: [(19, 60), (20, 30), (39, 30), (40, 20), (500, 2)])
    func groups(people: Int, fit: Int) async {
        let service = service()
        for number in 0..<fit { #expect(await send(service, to: "g\(number)", crowd(people)).status == 201) }
        limited(await send(service, to: "more", crowd(people)))
    }

    @Test("Writing to a conversation that exists costs nothing, and goes on when no more can be opened")
    func existing() async {
        let service = service()
        for _ in 0..<200 { #expect(await send(service, to: "@bob").status == 201) }
        for number in 0..<59 { #expect(await send(service, to: "@p\(number)").status == 201) }
        limited(await send(service, to: "@more"))
        for _ in 0..<10 {
            #expect(await send(service, to: "@bob").status == 201)
            #expect(await send(service, to: "@p3", ",\"receiverId\":\"p3\"").status == 201)
        }
        limited(await send(service, to: "@more"))
    }

    @Test("What did not open anything costs nothing: a refused group, and a store that cannot answer")
    func failures() async {
        let service = service()
        for _ in 0..<100 { #expect(await send(service, to: "g", crowd(501)).status == 422) }
        store.breakDown(true)
        for _ in 0..<100 { #expect(await send(service, to: "@bob").status == 503) }
        store.breakDown(false)
        for number in 0..<60 { #expect(await send(service, to: "@p\(number)").status == 201) }
        limited(await send(service, to: "@more"))
    }

    @Test("A group that counts for more than the whole burst takes all of it")
    func beyondBurst() async {
        let service = service { $0.openings = RateLimit(name: "openings", perSecond: 1, burst: 3) }
        #expect(await send(service, to: "g", crowd(500)).status == 201)
        #expect(await send(service, to: "@bob").status == 429)
        clock.pass(3)
        #expect(await send(service, to: "g2", crowd(500)).status == 201)
    }

    @Test("A rate of 0 is no limit")
    func unlimited() async {
        let service = service { $0.openings = RateLimit(name: "openings", perSecond: 0, burst: 1) }
        for number in 0..<200 { #expect(await send(service, to: "g\(number)", crowd(100)).status == 201) }
    }
}
