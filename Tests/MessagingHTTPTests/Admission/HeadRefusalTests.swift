import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("A request that has a body is refused by its head where that is enough")
struct HeadRefusalTests {
    private static let base = "/api/messages/conversations"

    private func service(_ identity: any Identity = DemoIdentity()) -> MessagingService {
        MessagingService(
            store: MemoryStore(conversation(lastN: 0, (alice, 0), (bob, 0)), messages: []),
            index: FreshnessIndex(capacity: 10), identity: identity, settings: ServiceSettings(),
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }))
    }

    @Test(
        "an unknown path, a WebSocket, a method that is not allowed and a missing caller are refused",
        arguments: [
            (HTTP.Method.post, "/", 404), (.post, "/upload", 404), (.put, "/api/messages", 404),
            (.post, "/ws", 404), (.put, "/ws/a", 404), (.post, "/healthz", 405), (.other, base, 405),
            (.post, base, 405), (.post, base + "/conv-456", 405), (.put, base + "/conv-456/messages", 405),
            (.put, "/api/messages/send", 405),
            (.post, base + "/conv-456/messages", 401), (.put, base + "/conv-456/read", 401), (.get, base, 401),
            (.post, base + "/conv-456/read", 401), (.patch, base + "/conv-456/read", 401),
            (.post, "/api/messages/send", 401), (.get, base + "/conv-456", 401),
            (.post, base + "/conv-456/nothing", 401), (.post, base + "/%FF/messages", 401),
        ])
    func refused(method: HTTP.Method, target: String, status: Int) throws {
        let response = try #require(service().refusalAtHead(of: request(method, target)))
        #expect(response.status == status)
        #expect(response.value(of: "Content-Type") == "application/problem+json")
    }

    @Test("what is wrong with a path among the endpoints is told to a caller")
    func toCaller() throws {
        let fields = [(RequestField.userID, "alice")]
        for (path, status) in [("/conv-456/nothing", 404), ("/%FF/messages", 400), ("/conv-456/messages?limit=0", 400)]
        {
            let response = service().refusalAtHead(of: request(.post, Self.base + path, fields))
            #expect(try #require(response).status == status)
        }
    }

    @Test("a write of another site's page is refused whatever else is wrong with it")
    func crossSite() throws {
        let fields = [(RequestField.userID, "alice"), (.origin, "https://elsewhere.example")]
        for path in ["/conv-456/messages", "/conv-456/nothing", "/%FF/messages", "/conv-456/messages?limit=0"] {
            #expect(service().refusalAtHead(of: request(.post, Self.base + path, fields))?.status == 403, "\(path)")
            let stranger = request(.post, Self.base + path, Array(fields.dropFirst()))
            #expect(service().refusalAtHead(of: stranger)?.status == 403, "\(path)")
        }
    }

    @Test("what may be right is let in: a caller at an endpoint, a preflight, and a token that is not known yet")
    func letIn() async throws {
        let fields = [(RequestField.userID, "alice")]
        for (method, path) in [(HTTP.Method.post, "/conv-456/messages"), (.put, "/conv-456/read"), (.get, "")] {
            #expect(service().refusalAtHead(of: request(method, Self.base + path, fields)) == nil)
        }
        #expect(service().refusalAtHead(of: request(.options, Self.base)) == nil)
        #expect(service().refusalAtHead(of: request(.get, "/healthz")) == nil)
        let mint = try await TokenMint()
        let bench = TokenBench(try await TokenKeys(secret: mint.secret))
        let token = try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(), by: mint.hs256)
        let target = Self.base + "/conv-456/messages"
        let bearing = request(.post, target, [(.authorization, "Bearer \(text(token))")])
        #expect(service(bench.identity).refusalAtHead(of: bearing) == nil)
        #expect(service(bench.identity).refusalAtHead(of: request(.post, target))?.status == 401)
    }

    @Test("its body counts for its caller, and for its network where the caller is not known yet")
    func source() async throws {
        let target = Self.base + "/conv-456/messages"
        func source(_ fields: [(RequestField, String)], _ service: MessagingService) -> RequestSource {
            service.source(of: request(.post, target, fields, peer: "192.0.2.7"))
        }
        let network = RequestSource.network(ClientNetwork(of: "192.0.2.7"))
        #expect(source([(.userID, "alice")], service()) == .caller(Caller(user: alice).hashValue))
        let inQuery = request(.post, target + "?limit=0&userId=alice", peer: "192.0.2.7")
        #expect(service().source(of: inQuery) == .caller(Caller(user: alice).hashValue))
        #expect(source([], service()) == network)
        let mint = try await TokenMint()
        let bench = TokenBench(try await TokenKeys(secret: mint.secret))
        let token = try TokenMint.token("{\"alg\":\"HS256\"}", TokenMint.claims(), by: mint.hs256)
        #expect(source([(.authorization, "Bearer \(text(token))")], service(bench.identity)) == network)
    }
}
