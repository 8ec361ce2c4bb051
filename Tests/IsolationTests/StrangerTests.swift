import HTTP
import Messaging
import MessagingHTTP
import StoreTestSupport
import Testing

/// A conversation of others answers byte for byte like one that does not exist.
@Suite(.onEachStore)
struct StrangerTests {
    /// The two ids are of the same length, so that nothing but their letters can differ.
    private static let (theirs, nobodys) = ("their-talk", "no-ones-id")

    private static func asks(_ id: String) -> [Ask] {
        var asks: [Ask] = []
        let queries = [
            "", "?limit=1", "?since=0", "?since=1", "?since=99", "?since=\(id):1", "?before=1", "?since=aaaaaaaa.1.0.0",
            "?since=rubbish", "?before=%00", "?limit=0", "?since=1&before=1", "?since=99999999999999999999",
        ]
        for query in queries {
            for method in [HTTP.Method.get, .head] {
                for condition in ["*", "\"x\"", "W/\"\""] {
                    asks.append(
                        Ask(
                            method: method, user: "mallory", path: Ask.thread(id, query),
                            fields: [(.ifNoneMatch, condition)]))
                }
                asks.append(Ask(method: method, user: "mallory", path: Ask.thread(id, query)))
                asks.append(Ask(method: method, user: "mallory", path: "\(Ask.list)/\(id)\(query)"))
                asks.append(
                    Ask(
                        method: method, user: "mallory", path: "\(Ask.list)/\(id)\(query)",
                        fields: [(.ifNoneMatch, "*")]))
            }
        }
        for more in ["", ",\"recipientId\":\"alice\"", ",\"participantIds\":[\"alice\",\"bob\"]"] {
            for content in ["Hi", ""] {
                asks.append(
                    .send(user: "mallory", "{\"content\":\"\(content)\",\"conversationId\":\"\(id)\"\(more)}"))
            }
        }
        for json in [
            "{\"content\":\"Hi\"}", "{\"content\":\"\"}", "{}", "[", "{\"content\":\"Hi\",\"senderId\":\"alice\"}",
            "{\"content\":\"Hi\",\"clientMessageId\":\"k-1\"}", "{\"content\":\"Hi\",\"receiverId\":\"\"}",
            "\u{FEFF}{}",
        ] {
            asks.append(.send(user: "mallory", to: id, json))
            asks.append(.send(user: "mallory", to: id, json, [(.idempotencyKey, "key-1")]))
        }
        for json in [
            "", "{}", "{\"upTo\":null}", "{\"upTo\":\"\(id):1\"}", "{\"upTo\":\"\(id):2\"}", "{\"upTo\":\"x\"}",
            "{\"upTo\":1}", "[",
        ] {
            asks.append(.read(user: "mallory", id, json))
        }
        for method in [HTTP.Method.put, .other, .options] {
            asks.append(Ask(method: method, user: "mallory", path: Ask.thread(id)))
        }
        for method in [HTTP.Method.post, .patch, .other] {
            asks.append(Ask(method: method, user: "mallory", path: "\(Ask.list)/\(id)/read"))
            asks.append(Ask(method: method, user: "mallory", path: "\(Ask.list)/\(id)"))
        }
        return asks
    }

    @Test(
        "A stranger gets the same status, fields and body for a conversation of others as for an unknown one",
        arguments: [true, false])
    func same(usersMayOpen: Bool) async throws {
        let bench = try Bench { $0.usersMayOpen = true }
        let strict = try Bench { $0.usersMayOpen = false }
        for bench in [bench, strict] {
            try bench.open(Self.theirs, "alice", "bob")
            let sent = await bench.answer(.send(to: Self.theirs, "{\"content\":\"Hi\"}", [(.idempotencyKey, "key-1")]))
            #expect(sent.status == 201)
        }
        let served = usersMayOpen ? bench : strict
        // Twice: the second time, all that can be in memory is.
        for _ in 0..<2 {
            for (existing, missing) in zip(Self.asks(Self.theirs), Self.asks(Self.nobodys)) {
                let seen = await served.answer(existing)
                let expected = await served.answer(missing)
                #expect(
                    seen.everything.replacing(Self.theirs, with: Self.nobodys) == expected.everything,
                    "\(existing.method) \(existing.path) \(String(decoding: existing.body, as: UTF8.self))")
                #expect(![200, 201, 304].contains(seen.status))
            }
        }
        let mine = await served.answer(Ask(user: "mallory", path: Ask.list))
        #expect(mine.text == "[]")
        let theirs = await served.answer(Ask(user: "bob", path: Ask.thread(Self.theirs)))
        #expect((theirs.json as? [Any])?.count == 1)
    }

    @Test("Naming oneself or a participant as receiver opens no door into a conversation of others")
    func noDoor() async throws {
        let bench = try Bench()
        _ = await bench.answer(.send(to: Self.theirs, "{\"content\":\"Hi\",\"receiverId\":\"bob\"}"))
        for more in ["\"receiverId\":\"alice\"", "\"participantIds\":[\"alice\",\"bob\",\"mallory\"]"] {
            let answer = await bench.answer(.send(user: "mallory", to: Self.theirs, "{\"content\":\"Hi\",\(more)}"))
            #expect(answer.problem == "conversation-not-found")
        }
        let crowd = (0...500).map { "\"u\($0)\"" }.joined(separator: ",")
        for wrong in ["\"recipientId\":\"mallory\"", "\"participantIds\":[\(crowd)]"] {
            let body = "{\"content\":\"Hi\",\(wrong)}"
            let theirs = await bench.answer(.send(user: "mallory", to: Self.theirs, body))
            let nobodys = await bench.answer(.send(user: "mallory", to: "nonesuch", body))
            #expect(theirs.problem == "invalid-message")
            #expect(theirs.text == nobodys.text)
        }
        #expect(
            await bench.answer(Ask(user: "mallory", path: Ask.thread(Self.theirs))).problem == "conversation-not-found")
    }

    @Test("What is meant for a user does not end in a conversation that a third one opened under their id")
    func recipientOfTheSameName() async throws {
        let bench = try Bench()
        _ = await bench.answer(.send(to: "@bob", "{\"content\":\"Hi\"}"))
        let trap = await bench.answer(
            .send(user: "mallory", to: "bob", "{\"content\":\"Hi\",\"participantIds\":[\"alice\",\"bob\"]}"))
        #expect(trap.status == 201)
        for member in ["recipientId", "receiverId"] {
            let answer = await bench.answer(.send("{\"content\":\"secret\",\"\(member)\":\"bob\"}"))
            #expect(answer.problem == "ambiguous-recipient")
        }
        let seen = await bench.answer(Ask(user: "mallory", path: Ask.thread("bob")))
        #expect(!seen.text.contains("secret"))
    }

    @Test("A recipient that is a conversation of others is a user to the caller, as one that is nothing")
    func recipientOfOthers() async throws {
        let bench = try Bench()
        try bench.open(Self.theirs, "alice", "bob")
        for id in [Self.theirs, Self.nobodys] {
            let answer = await bench.answer(.send(user: "mallory", "{\"content\":\"Hi\",\"recipientId\":\"\(id)\"}"))
            #expect(answer.status == 201)
            #expect((answer.json as? [String: Any])?["receiverId"] as? String == id)
        }
        #expect(await bench.answer(Ask(user: "alice", path: Ask.thread(Self.theirs))).text == "[]")
    }

    @Test("Where only the operator opens conversations, a first message gets 403, and there is none afterwards")
    func operatorOnly() async throws {
        let bench = try Bench { $0.usersMayOpen = false }
        for (id, json) in [
            ("new", "{\"content\":\"Hi\",\"receiverId\":\"bob\"}"),
            ("new", "{\"content\":\"Hi\",\"participantIds\":[\"bob\",\"eve\"]}"),
            ("@bob", "{\"content\":\"Hi\"}"), ("@bob", "{\"content\":\"Hi\",\"receiverId\":\"bob\"}"),
        ] {
            #expect(await bench.answer(.send(to: id, json)).problem == "opening-forbidden")
        }
        #expect(await bench.answer(.send(to: "new", "{\"content\":\"Hi\"}")).problem == "conversation-not-found")
        for user in ["alice", "bob"] { #expect(await bench.answer(Ask(user: user, path: Ask.list)).text == "[]") }
    }

    @Test("Where only the operator opens conversations, naming receivers does not tell which ones exist")
    func operatorOnlyStranger() async throws {
        let bench = try Bench { $0.usersMayOpen = false }
        try bench.open(Self.theirs, "alice", "bob")
        for more in ["\"receiverId\":\"alice\"", "\"participantIds\":[\"alice\",\"bob\"]"] {
            let seen = await bench.answer(.send(user: "mallory", to: Self.theirs, "{\"content\":\"Hi\",\(more)}"))
            let expected = await bench.answer(.send(user: "mallory", to: Self.nobodys, "{\"content\":\"Hi\",\(more)}"))
            #expect(seen.everything == expected.everything)
        }
    }
}
