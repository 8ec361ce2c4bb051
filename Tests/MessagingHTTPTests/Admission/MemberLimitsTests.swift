import HTTP
import Messaging
import TestSupport
import Testing

@testable import MessagingHTTP

/// Each member of a body and each parameter of a query, at the edge of what it may be; where a header field says the same, it has the same edge.
@Suite("The limits of members and parameters")
struct MemberLimitsTests {
    private static let thread = "/api/messages/conversations/conv-456/messages"
    private static let longest = String(repeating: "é", count: 127) + "x"

    private let service = MessagingService(
        store: MemoryStore(
            conversation(lastN: 2, (alice, 1), (bob, 0)), messages: [message(1, from: bob), message(2, from: alice)]),
        index: FreshnessIndex(capacity: 10), identity: DemoIdentity(), settings: ServiceSettings(),
        environment: ServiceEnvironment(
            now: { noon }, ticks: { 0 }, makeConversationID: { ConversationID(trusted: "c-new") }, log: { _ in }))

    /// The status and, where it is a problem, which one.
    private func outcome(
        _ method: HTTP.Method, _ target: String, as user: String? = "alice",
        _ fields: [(RequestField, String)] = [], members: String? = nil
    ) async throws -> String {
        let who = user.map { [(RequestField.userID, $0)] } ?? []
        let type = members == nil ? [] : [(RequestField.contentType, "application/json")]
        let asked = request(method, target, who + type + fields, body: Array((members.map { "{\($0)}" } ?? "").utf8))
        let response = await service.answer(asked)
        guard response.status >= 400 else { return "\(response.status)" }
        let kind = (try object(response.body)["type"] as? String)?.split(separator: ":").last ?? ""
        return "\(response.status) \(kind)"
    }

    private func send(_ members: String, as user: String = "alice", _ fields: [(RequestField, String)] = [])
        async throws
        -> String
    {
        try await outcome(.post, Self.thread, as: user, fields, members: "\"content\":\"Hi\",\(members)")
    }

    @Test("clientMessageId may be what Idempotency-Key may be")
    func key() async throws {
        for (key, expected) in [
            ("k", "201"), (Self.longest, "201"), (Self.longest + "x", "400 malformed-request"),
            ("a\u{7F}", "400 malformed-request"), ("a\u{85}", "400 malformed-request"),
        ] {
            #expect(try await send("\"clientMessageId\":\"\(key)\"") == expected, "\(key)")
            #expect(try await send("\"x\":1", [(.idempotencyKey, key)]) == expected, "\(key)")
        }
        #expect(try await send(#""clientMessageId":"a\u0000b""#) == "400 malformed-request")
        #expect(try await send(#""clientMessageId":"a\tb""#) == "400 malformed-request")
        #expect(try await send(#""clientMessageId":1"#) == "422 invalid-message")
    }

    @Test(
        "Members that name a user follow the limits of user ids",
        arguments: ["receiverId", "recipientId", "participantIds"])
    func receivers(member: String) async throws {
        for (user, expected) in [
            (#""b""#, "201"), ("\"\(Self.longest)\"", "201"), ("\"\(Self.longest)x\"", "422 invalid-message"),
            (#""a\u0000""#, "422 invalid-message"), (#""a\u0085""#, "422 invalid-message"),
            (#""a\n""#, "422 invalid-message"), ("1", "201"), ("1.5", "422 invalid-message"),
            ("true", "422 invalid-message"),
        ] {
            let value = member == "participantIds" ? "[\(user)]" : user
            #expect(try await send("\"\(member)\":\(value)") == expected, "\(value)")
        }
    }

    @Test("participantIds may name as many as a group may have, however often it names each")
    func participants() async throws {
        for name in ["\"b\"", "\"\""] {
            let names = Array(repeating: name, count: NewConversation.largestGroup)
            #expect(try await send("\"participantIds\":[\(names.joined(separator: ","))]") == "201")
            #expect(
                try await send("\"participantIds\":[\((names + [name]).joined(separator: ","))]")
                    == "422 invalid-message")
        }
    }

    @Test("the caller is a user id in the field, in the parameter and as senderId, or is nobody")
    func callers() async throws {
        let list = "/api/messages/conversations"
        for (user, isOne) in [(Self.longest, true), (Self.longest + "x", false), ("a\u{85}", false), ("", false)] {
            let expected = isOne ? "200" : "401 unauthenticated"
            #expect(try await outcome(.get, list, as: user) == expected)
            #expect(try await outcome(.get, "\(list)?userId=\(PercentEncoding.encode(user))", as: nil) == expected)
        }
        #expect(try await send("\"senderId\":\"alice\"") == "201")
        for sender in [Self.longest, Self.longest + "x", #"alice\u0000"#, "Alice"] {
            #expect(try await send("\"senderId\":\"\(sender)\"") == "403 sender-mismatch")
        }
    }

    @Test("upTo is the id of a message, as the path names it and since does")
    func upTo() async throws {
        for (id, expected, since) in [
            ("conv-456:2", "200", "200"), ("conv-456:0", "422 invalid-read-position", "400 malformed-cursor"),
            ("conv-456:9223372036854775808", "422 invalid-read-position", "400 malformed-cursor"),
            ("conv-456:02", "422 invalid-read-position", "400 malformed-cursor"),
            ("conv-457:1", "422 invalid-read-position", "400 malformed-cursor"),
            ("", "422 invalid-read-position", "400 malformed-cursor"),
        ] {
            let read = try await outcome(
                .put, "/api/messages/conversations/conv-456/read", members: "\"upTo\":\"\(id)\"")
            #expect(read == expected, "\(id)")
            for name in ["since", "before"] {
                #expect(try await outcome(.get, "\(Self.thread)?\(name)=\(id)") == since, "\(name)=\(id)")
            }
        }
    }

    @Test("Numbers in parameters are accepted up to their limits")
    func numbers() async throws {
        let list = "/api/messages/conversations"
        for (target, expected) in [
            ("\(list)?limit=1", "200"), ("\(list)?limit=500", "200"), ("\(list)?limit=0", "400 malformed-request"),
            ("\(list)?limit=501", "400 malformed-request"), ("\(list)?messages=0", "200"),
            ("\(list)?messages=100", "200"), ("\(list)?messages=101", "400 malformed-request"),
            ("\(list)?messages=-1", "400 malformed-request"), ("\(Self.thread)?since=2", "200"),
            ("\(Self.thread)?since=3", "410 cursor-expired"),
            ("\(Self.thread)?since=9223372036854775807", "410 cursor-expired"),
            ("\(Self.thread)?since=9223372036854775808", "400 malformed-cursor"),
            ("\(list)?since=k3f9.3", "410 cursor-expired"),
            ("\(list)?since=k3f9.9223372036854775808", "400 malformed-cursor"),
        ] {
            #expect(try await outcome(.get, target) == expected, "\(target)")
        }
    }
}
