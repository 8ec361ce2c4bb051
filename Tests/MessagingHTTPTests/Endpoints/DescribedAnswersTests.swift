import Foundation
import HTTP
import Messaging
import OpenAPIDescription
import TestSupport
import Testing

@testable import MessagingHTTP

@Suite("The description and the answers of the program")
struct DescribedAnswersTests {
    private struct Attempt: Sendable {
        var method = HTTP.Method.get
        var path: String
        var query = ""
        var fields: [RequestField: String] = [:]
        var body = ""

        var target: String { path.replacing("{id}", with: "conv-456") + query }
    }

    private static let list = "/api/messages/conversations"
    private static let thread = "/api/messages/conversations/{id}/messages"
    private static let read = "/api/messages/conversations/{id}/read"
    private static let one = "/api/messages/conversations/{id}"
    private static let send = "/api/messages/send"
    private static let json: [RequestField: String] = [.contentType: "application/json"]

    /// At least one for each response that a request alone can bring about.
    private static let attempts: [Attempt] = [
        Attempt(path: list), Attempt(path: list, fields: [.ifNoneMatch: "*"]), Attempt(path: list, query: "?limit=0"),
        Attempt(path: list, query: "?since=x"), Attempt(path: list, query: "?since=zz.1"),
        Attempt(path: list, fields: [.userID: ""]), Attempt(method: .head, path: list),
        Attempt(method: .options, path: list, fields: [.accessControlRequestMethod: "GET"]),
        Attempt(path: thread), Attempt(path: thread, fields: [.ifNoneMatch: "*"]),
        Attempt(path: thread, query: "?since=x"), Attempt(path: thread, query: "?since=zz.1.1.1"),
        Attempt(method: .head, path: thread),
        Attempt(path: one), Attempt(path: one, fields: [.ifNoneMatch: "*"]), Attempt(path: one, query: "?limit=0"),
        Attempt(method: .head, path: one), Attempt(method: .options, path: one),
        Attempt(
            method: .post, path: send, fields: json, body: #"{"content":"Hello!","conversationId":"conv-456"}"#),
        Attempt(method: .post, path: send, fields: json, body: #"{"content":"Hello!"}"#),
        Attempt(method: .post, path: send, body: "Hello!"), Attempt(method: .options, path: send),
        Attempt(method: .post, path: read), Attempt(method: .patch, path: read),
        Attempt(method: .patch, path: read, fields: json, body: #"{"upto":"conv-456:1"}"#),
        Attempt(method: .post, path: thread, fields: json, body: #"{"content":"Hello!"}"#),
        Attempt(method: .post, path: thread, fields: json, body: #"{"content":"Hello!","senderId":"eve"}"#),
        Attempt(method: .post, path: thread, fields: json, body: #"{"content":" "}"#),
        Attempt(method: .post, path: thread, fields: json, body: "{"),
        Attempt(method: .post, path: thread, body: "Hello!"),
        Attempt(method: .put, path: read, fields: [.contentEncoding: "gzip"]),
        Attempt(
            method: .options, path: thread,
            fields: [.accessControlRequestMethod: "POST", .accessControlRequestHeaders: "content-type"]),
        Attempt(method: .put, path: read), Attempt(method: .put, path: read, body: "{}"),
        Attempt(method: .put, path: read, fields: json, body: #"{"upTo":"conv-9:1"}"#),
        Attempt(method: .put, path: read, fields: [.secFetchSite: "cross-site", .origin: "null"]),
        Attempt(method: .post, path: thread, fields: [.secFetchSite: "cross-site", .origin: "null"]),
        Attempt(path: list, fields: [.host: "evil.example"]), Attempt(path: "/ws", fields: [.host: "evil.example"]),
        Attempt(method: .options, path: read, fields: [.host: "evil.example"]),
        Attempt(method: .options, path: read), Attempt(path: "/ws"), Attempt(path: "/healthz"),
        Attempt(path: "/readyz"), Attempt(path: "/openapi.yaml"), Attempt(path: "/openapi.json"),
        Attempt(path: "/openapi.json", fields: [.ifNoneMatch: "*"]), Attempt(method: .head, path: "/openapi.yaml"),
    ]

    private let described: DescribedService

    init() throws {
        described = try DescribedService()
    }

    private func makeService(cors: [String] = ["https://app.example.org"]) -> MessagingService {
        let alice = UserID(trusted: "alice")
        let id = ConversationID(trusted: "conv-456")
        return MessagingService(
            store: CannedStore(of: alice, with: UserID(trusted: "bob"), in: id), index: FreshnessIndex(capacity: 10),
            identity: DemoIdentity(), settings: ServiceSettings(cors: CORSPolicy(origins: cors)),
            environment: ServiceEnvironment(
                now: { Timestamp(milliseconds: 0) }, ticks: { 0 }, makeConversationID: { id }, log: { _ in }),
            description: ServiceDescription(yaml: OpenAPIDocument.yaml, makeJSON: { OpenAPIDocument.json }))
    }

    private func answer(_ attempt: Attempt, of service: MessagingService, origin: String? = "https://app.example.org")
        async -> Response
    {
        var lines = RequestFields()
        lines.append(.host, (attempt.fields[.host] ?? "localhost").utf8)
        if attempt.fields[.userID] == nil { lines.append(.userID, "alice".utf8) }
        if let origin, attempt.fields[.origin] == nil { lines.append(.origin, origin.utf8) }
        for (field, value) in attempt.fields where field != .host { lines.append(field, value.utf8) }
        let request = Request(
            method: attempt.method, target: Array(attempt.target.utf8), fields: lines, body: Array(attempt.body.utf8))
        return await service.answer(request)
    }

    @Test("every answer has a described status, and exactly the header fields described for it", arguments: attempts)
    private func headers(attempt: Attempt) async throws {
        let response = await answer(attempt, of: makeService())
        let operation = try described.operation(attempt.method.name, attempt.path)
        let expected = try #require(operation.responses[response.status], "\(response.status) is not described")
        let headers = expected["headers"] as? DescribedService.Object ?? [:]
        let present = Set(response.fields.map(\.name)).subtracting(["Content-Type"])
        #expect(present.isSubset(of: headers.keys))
        let required = headers.filter { described.isRequired($0.value) }.keys
        #expect(present.isSuperset(of: required))
        guard attempt.method != .head, let type = response.value(of: "Content-Type") else { return }
        let content = expected["content"] as? DescribedService.Object ?? [:]
        #expect(content[type] != nil, "\(type) is not described")
    }

    @Test("the members of an answer are those of its schema")
    func members() async throws {
        let service = makeService()
        let thread = try await value(Attempt(path: Self.thread), of: service)
        try check((thread as? [Any])?.first, "Message")
        let list = try await value(Attempt(path: Self.list), of: service)
        let conversation = try #require((list as? [DescribedService.Object])?.first)
        try check(conversation, "Conversation")
        try check(try await value(Attempt(path: Self.one), of: service), "Conversation")
        try check((conversation["participants"] as? [Any])?.first, "Participant")
        try check((conversation["messages"] as? [Any])?.first, "Message")
        try check(try await value(Attempt(method: .put, path: Self.read), of: service), "ReadReceipt")
        try check(try await value(Attempt(path: "/ws"), of: service), "Problem")
    }

    private func value(_ attempt: Attempt, of service: MessagingService) async throws -> Any {
        try JSONSerialization.jsonObject(with: Data(await answer(attempt, of: service).body))
    }

    private func check(_ value: Any?, _ schema: String) throws {
        let members = Set(try #require(value as? DescribedService.Object).keys)
        let schema = described.node("#/components/schemas/\(schema)")
        #expect(members == Set((schema["properties"] as? DescribedService.Object ?? [:]).keys))
        #expect(members.isSuperset(of: schema["required"] as? [String] ?? []))
    }

    @Test("The description says the same in YAML and in JSON")
    func forms() throws {
        let json = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json))
        #expect(NSDictionary(dictionary: described.root).isEqual(to: try #require(json as? DescribedService.Object)))
    }

    @Test(
        "the description is the same response again and again, without asking who wants it",
        arguments: ["/openapi.yaml", "/openapi.json"])
    func shared(path: String) async {
        let service = makeService()
        let nobody = Attempt(path: path, fields: [.userID: ""])
        let first = await answer(nobody, of: service, origin: nil)
        #expect(first.status == 200)
        #expect(await answer(nobody, of: service, origin: nil) === first)
        let tag = first.value(of: "ETag") ?? ""
        let unchanged = await answer(Attempt(path: path, fields: [.ifNoneMatch: tag]), of: service, origin: nil)
        #expect(unchanged.status == 304)
        #expect(unchanged.body.isEmpty)
        #expect(unchanged.value(of: "ETag") == tag)
    }

    @Test("a page of an allowed origin may read the description", arguments: ["/openapi.yaml", "/openapi.json"])
    func cors(path: String) async {
        let response = await answer(Attempt(path: path), of: makeService())
        #expect(response.value(of: "Access-Control-Allow-Origin") == "https://app.example.org")
        let other = await answer(Attempt(path: path), of: makeService(), origin: "https://elsewhere.example.org")
        #expect(other.value(of: "Access-Control-Allow-Origin") == nil)
    }
}
