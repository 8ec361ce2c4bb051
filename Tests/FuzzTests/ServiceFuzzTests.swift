import Foundation
import HTTP
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import MessagingHTTP

/// Bodies for the two endpoints that take one, through the real service and store.
@Suite(.onEachStore)
struct ServiceFuzzTests {
    private let home: StoreHome
    private let store: any Store
    private let service: MessagingService

    init() throws {
        home = try StoreHome()
        let index = FreshnessIndex(capacity: 100)
        store = try home.open(observer: index)
        var settings = ServiceSettings()
        settings.limits.sends = RateLimit(name: "sends", perSecond: 0, burst: 1)
        settings.limits.openings = RateLimit(name: "openings", perSecond: 0, burst: 1)
        service = MessagingService(
            store: store, index: index, identity: DemoIdentity(), settings: settings,
            environment: ServiceEnvironment(
                now: { Timestamp(milliseconds: 0) }, ticks: { 0 },
                makeConversationID: { ConversationID(trusted: "d-1") },
                log: { _ in }))
        let people = [UserID(trusted: "alice"), UserID(trusted: "bob")]
        let opening = try NewConversation(id: ConversationID(trusted: "c-1"), participants: people, isDirect: false)
        _ = try store.open(opening, tenant: .none, at: Timestamp(milliseconds: 0))
    }

    private func answer(_ method: HTTP.Method, _ path: String, _ type: String, _ body: [UInt8]) async throws
        -> Response
    {
        var fields = RequestFields()
        fields.append(.host, "localhost".utf8)
        fields.append(.userID, "alice".utf8)
        fields.append(.contentType, type.utf8)
        let request = Request(
            method: method, target: Array("/api/messages/conversations/c-1/\(path)".utf8), fields: fields, body: body)
        return await service.answer(request)
    }

    private func check(_ response: Response, _ status: Int, _ kinds: [ProblemKind]) throws {
        let object = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        if response.status == status { return }
        let kind = kinds.first { $0.type == object?["type"] as? String }
        try Fuzz.check(
            kind?.status == response.status,
            "an undocumented problem: \(String(decoding: response.body, as: UTF8.self))")
    }

    @Test("Messages of any bytes, sent as JSON, are stored or refused")
    func messages() async throws {
        let seeds = [
            "{\"content\":\"Hi\"}",
            "{\"content\":\"\\u00e9\\ud83d\\ude00\",\"clientMessageId\":\"k-1\",\"senderId\":\"alice\"}",
            "{\"content\":\"Hi\",\"receiverId\":\"bob\",\"participantIds\":[\"alice\",\"bob\"]}", "{\"content\":1}",
            "[]", "null", "{}",
            "{\"content\":\"Hi\",\"x\":{\"y\":[1,2.5e10,true,null]}}", String(repeating: "[", count: 513),
            "{\"x\":" + String(repeating: "[", count: 512),
        ]
        try await Fuzz.run(2_000, seeds: seeds) { input in
            let response = try await answer(.post, "messages", "application/json", input)
            try check(
                response, 201,
                [.malformedRequest, .invalidMessage, .senderMismatch, .idempotencyConflict, .contentTooLarge])
        }
        store.close()
    }

    @Test("Messages of any bytes, sent as text, are stored or refused")
    func texts() async throws {
        try await Fuzz.run(1_000, seeds: ["Hi", "é😀", " ", "a\0b"]) { input in
            let response = try await answer(.post, "messages", "text/plain", input)
            try check(response, 201, [.malformedRequest, .invalidMessage, .contentTooLarge])
            guard response.status == 201 else { return }
            let object = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
            // Foundation takes a leading byte order mark away from what it reads here.
            let content = (object?["content"] as? String ?? "").utf8
            try Fuzz.check(content.elementsEqual(input) || input.starts(with: [0xEF, 0xBB, 0xBF]), "came back changed")
        }
        store.close()
    }

    @Test("Read markers of any bytes are taken or refused")
    func markers() async throws {
        let seeds = [
            "", "{}", "{\"upTo\":\"c-1:1\"}", "{\"upTo\":null}", "{\"upTo\":1}", "[]",
            "{\"upTo\":\"c-1:9223372036854775807\"}",
        ]
        try await Fuzz.run(1_500, seeds: seeds) { input in
            let response = try await answer(.put, "read", "application/json", input)
            try check(response, 200, [.malformedRequest, .invalidMessage, .invalidReadPosition])
        }
        store.close()
    }
}
