import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("The memory for answers that are not yet sent")
struct AnswerMemoryTests {
    private let anna = Caller(user: alice)
    private let ben = Caller(user: bob)

    private func isRefused(_ memory: AnswerMemory, _ bytes: Int, _ caller: Caller) -> Bool {
        problem { try memory.take(bytes, for: caller) } == .overloaded
    }

    @Test("Unsent answers of one caller may have a sixteenth of the memory, and not a byte more")
    func each() throws {
        let memory = AnswerMemory(limit: 1600)
        var shares = try [60, 39].map { try memory.take($0, for: anna) }
        #expect(isRefused(memory, 2, anna))
        shares.append(try memory.take(1, for: anna))
        #expect(memory.held == 100)
        #expect(isRefused(memory, 1, anna))
        #expect(!isRefused(memory, 100, ben))
        #expect(problem { try memory.check(for: anna) } == .overloaded)
        #expect(problem { try memory.check(for: ben) } == nil)
        shares.removeFirst()
        #expect(memory.held == 40)
        #expect(!isRefused(memory, 60, anna))
        #expect(isRefused(memory, 61, anna))
        shares = []
        #expect(memory.held == 0)
    }

    @Test("Unsent answers together may have all of the memory, and not a byte more")
    func all() throws {
        let memory = AnswerMemory(limit: 1600)
        var shares = try (0..<16).map { try memory.take(100, for: Caller(user: UserID(trusted: "user \($0)"))) }
        #expect(isRefused(memory, 1, anna))
        #expect(problem { try memory.check(for: anna) } == .overloaded)
        shares.removeLast()
        #expect(isRefused(memory, 101, anna))
        #expect(!isRefused(memory, 100, anna))
        #expect(memory.refused == 3)
    }

    @Test("An answer that is larger than all there is goes out where nothing else waits")
    func alone() throws {
        let memory = AnswerMemory(limit: 1600)
        let large = try memory.take(5000, for: anna)
        withExtendedLifetime(large) {
            #expect(isRefused(memory, 1, anna))
            #expect(isRefused(memory, 1, ben))
        }
    }

    @Test("An answer that is larger than all the memory is refused while others are unsent")
    func waiting() throws {
        let memory = AnswerMemory(limit: 1600)
        let other = try memory.take(1, for: ben)
        #expect(isRefused(memory, 5000, anna))
        withExtendedLifetime(other) {}
    }

    @Test("The peak of unsent answers is the most since it was last asked for")
    func peak() throws {
        let memory = AnswerMemory(limit: 1600)
        var share: AnswerMemory.Share? = try memory.take(70, for: anna)
        #expect(share != nil)
        share = nil
        #expect(memory.takePeak() == 70)
        #expect(memory.takePeak() == 0)
    }
}

@Suite("A service whose answers are not read")
struct UnreadAnswersTests {
    private static let list = "/api/messages/conversations"
    private static let thread = list + "/conv-456/messages"
    private let json = (RequestField.contentType, "application/json")

    private func service(
        _ memory: Int, last: String = "Hello!", configure: (inout ServiceSettings) -> Void = { _ in }
    ) -> MessagingService {
        var settings = ServiceSettings()
        settings.mostAnswerMemory = memory
        configure(&settings)
        return MessagingService(
            store: MemoryStore(
                conversation(lastN: 2, (alice, 1), (bob, 0)),
                messages: [message(1, from: bob), message(2, from: alice, last)]),
            index: FreshnessIndex(capacity: 10), identity: DemoIdentity(), settings: settings,
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }))
    }

    private func answer(
        _ service: MessagingService, _ method: HTTP.Method, _ target: String,
        _ fields: (RequestField, String)..., body: String = ""
    ) async -> Response {
        let request = request(method, target, [(.userID, "alice")] + fields, body: Array(body.utf8))
        return await service.answer(request)
    }

    @Test("The bytes of an answer are held until it is sent", arguments: [list, thread])
    func held(target: String) async {
        let service = service(1 << 20)
        var response: Response? = await answer(service, .get, target)
        #expect(response?.status == 200)
        #expect(service.answerMemory.held == response?.body.count)
        response = nil
        #expect(service.answerMemory.held == 0)
    }

    @Test("Without memory for answers, all but a 304 is refused with 503 and Retry-After, and nothing is stored")
    func refused() async throws {
        let service = service(16)
        let (lists, threads) = (await answer(service, .get, Self.list), await answer(service, .get, Self.thread))
        #expect(lists.status == 200)
        #expect(threads.status == 503)
        #expect(threads.value(of: "Retry-After") == "5")
        let tag = try #require(lists.value(of: "ETag"))
        #expect(await answer(service, .get, Self.list, (.ifNoneMatch, tag)).status == 304)
        #expect(await answer(service, .get, Self.list, (.ifNoneMatch, "\"other\"")).status == 503)
        // This store would say that it is on fire.
        #expect(await answer(service, .post, Self.thread, json, body: #"{"content":"Fire!"}"#).status == 503)
        let refused = await answer(service, .post, Self.thread, json, body: #"{"content":"Fire!"}"#)
        #expect(text(refused.body).contains("Too many answers wait"))
        #expect(await answer(service, .put, Self.list + "/conv-456/read").status == 503)
        #expect(await answer(service, .head, Self.list).status == 200, "which takes none")
        withExtendedLifetime(lists) {}
    }

    @Test(
        "HEAD has the fields and the length of GET, and makes no body", arguments: [list, thread, list + "?messages=0"])
    func head(target: String) async {
        let service = service(1 << 20)
        for _ in 0..<2 {
            let (get, head) = (await answer(service, .get, target), await answer(service, .head, target))
            #expect(head.status == 200)
            #expect(head.fields == get.fields)
            #expect(head.sizeOfBody == get.body.count)
            #expect(head.body.isEmpty)
        }
    }

    @Test(
        "A poll is charged for the size of its answer, whether from the store, from memory or without a body",
        arguments: [list, thread])
    func charged(target: String) async {
        // With 64 KiB of content and what is around it, each costs two; with the last message beside it, an entry of a list three.
        let cost = target == Self.list ? 3 : 2
        for method in [HTTP.Method.get, .head] {
            let service = service(1 << 24, last: String(repeating: "x", count: 65_536)) {
                $0.limits.polls = RateLimit(name: "polls", perSecond: 1e-6, burst: 2 * cost + 1)
            }
            for _ in 0..<2 { #expect(await answer(service, method, target).status == 200) }
            #expect(
                await answer(service, method, target).status == 200, "one token is left, and more than that is taken")
            #expect(await answer(service, method, target).status == 429)
        }
    }
}
