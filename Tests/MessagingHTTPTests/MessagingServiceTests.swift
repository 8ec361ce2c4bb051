import HTTP
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("The service")
struct MessagingServiceTests {
    private final class Log: Sendable {
        let lines = Mutex<[String]>([])
    }

    private let log = Log()
    private let service: MessagingService
    private static let base = "/api/messages/conversations"

    init() {
        service = MessagingService(
            store: MemoryStore(
                conversation(lastN: 2, (alice, 1), (bob, 0)),
                messages: [message(1, from: bob), message(2, from: alice)]),
            index: FreshnessIndex(capacity: 10), identity: DemoIdentity(), settings: ServiceSettings(),
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") },
                log: { [log] event in log.lines.withLock { $0.append(event.cause) } }))
    }

    private func answer(
        _ method: HTTP.Method, _ target: String, as user: String? = "alice",
        fields: [(RequestField, String)] = [], body: String = ""
    ) async -> Response {
        let request = request(
            method, target, fields + (user.map { [(.userID, $0)] } ?? []), body: Array(body.utf8))
        return await service.answer(request)
    }

    private func kind(_ response: Response) throws -> String? {
        (try object(response.body)["type"] as? String)?.split(separator: ":").last.map(String.init)
    }

    @Test(
        "a method that a resource does not know is answered 405 with those it does",
        arguments: [
            ("", [HTTP.Method.post, .put, .other], "GET, HEAD, OPTIONS"),
            ("/conv-456/messages", [.put, .other], "GET, HEAD, POST, OPTIONS"),
            ("/conv-456/read", [.get, .head, .other], "PUT, POST, PATCH, OPTIONS"),
        ])
    func methodNotAllowed(path: String, methods: [HTTP.Method], allow: String) async throws {
        for method in methods {
            let response = await answer(method, Self.base + path, as: nil)
            #expect(response.status == 405)
            #expect(response.value(of: "Allow") == allow)
            #expect(try kind(response) == "method-not-allowed")
        }
    }

    /// Targets, and what they allow; `~` stands for the base.
    private static let targets: [(String, String)] = [
        ("~", "GET, HEAD, OPTIONS"), ("~/", "GET, HEAD, OPTIONS"), ("~?limit=1000", "GET, HEAD, OPTIONS"),
        ("~?limit=x&limit=y&since=%", "GET, HEAD, OPTIONS"), ("~/conv-456/messages", "GET, HEAD, POST, OPTIONS"),
        ("/ws", "GET, HEAD, OPTIONS"), ("/ws/info?t=1", "GET, HEAD, OPTIONS"), ("/healthz", "GET, HEAD, OPTIONS"),
        ("~/conv-456/nothing", "OPTIONS"), ("~/a/b/messages", "OPTIONS"), ("~//", "OPTIONS"),
        ("~/%FF/messages", "GET, HEAD, POST, OPTIONS"), ("~/%00/read", "PUT, POST, PATCH, OPTIONS"),
        ("/api/messages", "OPTIONS"),
        ("/api/messages/nothing/at/all", "OPTIONS"), ("/nowhere", "OPTIONS"), ("/", "OPTIONS"), ("*", "OPTIONS"),
    ]

    @Test("OPTIONS is answered at every path, whatever the query, and asks for no identity", arguments: targets)
    func options(target: String, allow: String) async throws {
        let response = await answer(.options, target.replacing("~", with: Self.base), as: nil)
        #expect(response.status == 204)
        #expect(response.value(of: "Allow") == allow)
        #expect(response.body.isEmpty)
    }

    @Test("a body in a content coding is refused, at the head and behind it, with what would be taken")
    func contentCoding() async throws {
        let json = [(RequestField.contentType, "application/json")]
        for (method, path) in [(HTTP.Method.post, "/conv-456/messages"), (.put, "/conv-456/read")] {
            let target = Self.base + path
            for codings in [["gzip"], ["GZIP"], ["br"], ["identity, gzip"], ["identity", "deflate"], ["a\u{1B}"]] {
                let fields = json + codings.map { (.contentEncoding, $0) }
                let asked = request(method, target, [(.userID, "alice")] + fields)
                let early = try #require(service.refusalAtHead(of: asked))
                let late = await answer(method, target, fields: fields, body: #"{"content":"Hi"}"#)
                for response in [early, late] {
                    #expect(response.status == 415)
                    #expect(try kind(response) == "unsupported-media-type")
                    #expect(response.value(of: "Accept-Encoding") == "identity")
                    #expect(text(response.body).contains("Content-Encoding"))
                }
            }
            for codings in [["identity"], ["Identity, identity"], [""], [" , "]] {
                let fields = json + codings.map { (.contentEncoding, $0) }
                #expect(service.refusalAtHead(of: request(method, target, [(.userID, "alice")] + fields)) == nil)
            }
        }
        #expect(await answer(.get, Self.base, fields: [(.contentEncoding, "gzip")]).status == 200)
    }

    @Test("a WebSocket client is told at once, from memory, where to poll", arguments: ["/ws", "/ws/", "/ws/a?b=c"])
    func webSocket(target: String) throws {
        for method in [HTTP.Method.get, .post, .other] {
            let response = try #require(service.begin(request(method, target)).response)
            #expect(response.status == 404)
            #expect(try kind(response) == "polling-only")
            #expect((try object(response.body)["endpoints"] as? [String])?.count == 4)
        }
    }

    @Test("unknown and not-yours are the same 404, byte for byte")
    func sameNotFound() async {
        let json = [(RequestField.contentType, "application/json")]
        for (method, path, fields, body) in [
            (HTTP.Method.get, "messages", [], ""), (.head, "messages", [], ""),
            (.get, "messages?since=1", [], ""),
            (.get, "messages?since=rubbish", [], ""), (.post, "messages", json, #"{"content":"Hi"}"#),
            (.put, "read", [], ""),
            (.put, "read", json, #"{"upTo":"conv-456:1"}"#),
        ] as [(HTTP.Method, String, [(RequestField, String)], String)] {
            // The second round finds the conversation in memory.
            for _ in 0..<2 {
                let foreign = await answer(
                    method, "\(Self.base)/conv-456/\(path)", as: "carol", fields: fields, body: body)
                let unknown = await answer(
                    method, "\(Self.base)/conv-999/\(path)", as: "carol", fields: fields, body: body)
                #expect(foreign.status == 404)
                #expect(foreign.fields == unknown.fields)
                #expect(foreign.body == unknown.body)
            }
        }
    }

    @Test(
        "a poll that has the state already is answered 304 from memory",
        arguments: ["", "/conv-456/messages", "/@bob/messages"])
    func idlePoll(path: String) async throws {
        let first = await answer(.get, Self.base + path)
        let tag = try #require(first.value(of: "ETag"))
        let poll = request(.get, Self.base + path, [(.userID, "alice"), (.ifNoneMatch, tag)])
        let second = try #require(service.begin(poll).response)
        #expect(first.status == 200)
        #expect(second.status == 304)
        #expect(second.fields == first.fields.filter { !["Content-Type", "Link"].contains($0.name) })
        #expect(first.value(of: "Vary") == "X-User-ID, Accept-Encoding, Origin")
    }

    @Test("an answer depends on who asks, so another's tag does not match")
    func otherViewer() async throws {
        let mine = await answer(.get, "\(Self.base)/conv-456/messages")
        let tag = try #require(mine.value(of: "ETag"))
        #expect(
            await answer(.get, "\(Self.base)/conv-456/messages", as: "bob", fields: [(.ifNoneMatch, tag)]).status == 200
        )
    }

    @Test("since at the newest position is an empty array, or 304 where the tag is known")
    func sinceNewest() async throws {
        let cursor = try #require(await answer(.get, "\(Self.base)/conv-456/messages").value(of: "X-Cursor"))
        let target = "\(Self.base)/conv-456/messages?since=\(cursor)"
        let empty = await answer(.get, target)
        #expect(text(empty.body) == "[]")
        #expect(empty.value(of: "X-Cursor") == cursor)
        let tag = try #require(empty.value(of: "ETag"))
        #expect(await answer(.get, target, fields: [(.ifNoneMatch, tag)]).status == 304)
    }

    @Test("limited polls link to what is left and to what is older")
    func limited() async {
        let response = await answer(.get, "\(Self.base)/conv-456/messages?since=0&limit=1")
        #expect(response.value(of: "X-Cursor") == "k3f9.xeiii6oww7.1.0.1")
        let page = await answer(.get, "\(Self.base)/@bob/messages?limit=1")
        #expect(
            page.value(of: "Link")
                == #"<?since=k3f9.xeiii6oww7.2.0.1&limit=1>; rel="next", <?before=2&limit=1>; rel="prev""#)
    }

    @Test(
        "cursors that do not fit say what to do",
        arguments: [
            ("since=x", 400), ("before=x", 400), ("since=zzz.xeiii6oww7.1.0.0", 410), ("since=99", 410),
            ("since=1&before=1", 400), ("since=k3f9.1.0.0", 410), ("before=k3f9.1.0.0", 410),
            ("since=k3f9.xeiii6oww7.1.0.0", 200), ("since=k3f9.xeiii63ovn.1.0.0", 410),
            ("since=k3f9.abrlmfseoe.1.0.0", 400), ("since=k3f9.xeiii6oww7.1.0.0.1", 410),
        ])
    func cursors(query: String, status: Int) async {
        #expect(await answer(.get, "\(Self.base)/conv-456/messages?\(query)").status == status)
    }

    @Test("a message is answered 201, a retry says that it is one")
    func sending() async throws {
        let json = [(RequestField.contentType, "application/json")]
        let target = "\(Self.base)/conv-456/messages"
        let sent = await answer(.post, target, fields: json, body: #"{"content":"Hi","senderId":"alice","tenantId":7}"#)
        #expect(sent.status == 201)
        #expect(sent.value(of: "Idempotency-Replayed") == nil)
        #expect(sent.value(of: "Cache-Control") == "no-store")
        #expect(try object(sent.body)["id"] as? String == "conv-456:3")
        #expect(try object(sent.body)["read"] as? Bool == false)
        let again = await answer(.post, target, fields: json + [(.idempotencyKey, "again")], body: #"{"content":"Hi"}"#)
        #expect(again.value(of: "Idempotency-Replayed") == "true")
        let forged = await answer(.post, target, fields: json, body: #"{"content":"Hi","senderId":"bob"}"#)
        #expect(try kind(forged) == "sender-mismatch")
        let plain = await answer(.post, target, fields: [(.contentType, "text/plain")], body: "Hi")
        #expect(plain.status == 201)
    }

    @Test("reading answers where the marker stands; an id of another conversation is refused")
    func reading() async throws {
        let json = [(RequestField.contentType, "application/json")]
        let all = await answer(.put, "\(Self.base)/@bob/read")
        #expect(text(all.body) == #"{"conversationId":"conv-456","readUpTo":"conv-456:2","unread":0}"#)
        let null = await answer(.put, "\(Self.base)/conv-456/read", fields: json, body: "null")
        #expect(null.body == all.body)
        let one = await answer(.put, "\(Self.base)/conv-456/read", fields: json, body: #"{"upTo":"conv-456:1"}"#)
        #expect(try object(one.body)["readUpTo"] as? String == "conv-456:1")
        let other = await answer(.put, "\(Self.base)/conv-456/read", fields: json, body: #"{"upTo":"conv-1:1"}"#)
        #expect(try kind(other) == "invalid-read-position")
    }

    @Test("what goes wrong inside is for the log, not for the caller")
    func insideErrors() async {
        let response = await answer(
            .post, "\(Self.base)/conv-456/messages", fields: [(.contentType, "text/plain")], body: "Fire!")
        #expect(response.status == 503)
        #expect(!text(response.body).contains("fire"))
        #expect(log.lines.withLock { $0 } == ["the disk is on fire"])
    }

    @Test("/readyz says why the store is not ready, while /healthz says that the service is alive")
    func notReady() async throws {
        let response = await answer(.get, "/readyz", as: nil)
        #expect(response.status == 503)
        let detail = try object(response.body)["detail"] as? String
        #expect(detail == "The store is not ready: the disk is full (disk_full).")
        #expect(response.value(of: "Retry-After") == "5")
        #expect(log.lines.withLock { $0.isEmpty })
        #expect(await answer(.get, "/healthz", as: nil).status == 200)
    }

    @Test("/healthz fails while a loop hangs")
    func hanging() throws {
        let service = MessagingService(
            store: MemoryStore(conversation(lastN: 0), messages: []), index: FreshnessIndex(capacity: 10),
            identity: DemoIdentity(), settings: ServiceSettings(),
            environment: ServiceEnvironment(
                now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") },
                loopsResponsive: { false }, log: { _ in }))
        let response = try #require(service.begin(request(.get, "/healthz")).response)
        #expect(response.status == 503)
        #expect(try kind(response) == "overloaded")
    }

    @Test(
        "Every answer has a Vary that names what it depends on",
        arguments: [
            ("", true), ("/conv-456", true), ("/conv-456/messages", true), ("/nothing/here", false),
            ("/conv-9/messages", false),
        ])
    func vary(path: String, isCompressible: Bool) async {
        #expect(
            await answer(.get, Self.base + path).value(of: "Vary")
                == (isCompressible ? "X-User-ID, Accept-Encoding, Origin" : "X-User-ID, Origin"))
        #expect(await answer(.get, Self.base + path, as: nil).value(of: "Vary") == "X-User-ID, Origin")
    }
}
