import Messaging
import Testing

@testable import postbox

@Suite("Lines of an import")
struct ImportLineTests {
    private let now = Timestamp(milliseconds: 1000)
    private let talk = ConversationID(trusted: "conv-1")
    private let alice = UserID(trusted: "alice")
    private let bob = UserID(trusted: "bob")

    private func record(_ line: String) throws -> ImportRecord {
        try ImportLine.record(from: Array(line.utf8), now: now)
    }

    /// What is wrong with a line; nil where nothing is.
    private func complaint(_ line: some Sequence<UInt8>) -> String? {
        do {
            _ = try ImportLine.record(from: Array(line), now: now)
            return nil
        } catch {
            return (error as? ImportLineError)?.sentence ?? "another error: \(error)"
        }
    }

    @Test("A line with a user is read, with whatever is known of them")
    func user() throws {
        #expect(
            try record(#"{"kind":"user","id":"alice","name":"Alice","company":"Acme"}"#)
                == .person(Person(id: alice, name: "Alice", company: "Acme"), .none))
        #expect(try record(#"{"kind":"user","id":"alice","extra":[1]}"#) == .person(Person(id: alice), .none))
    }

    @Test("A line with a conversation is read, opened now where it does not say when")
    func conversation() throws {
        let opening = try NewConversation(id: talk, participants: [alice, bob], isDirect: false)
        let line = #"{"kind":"conversation","id":"conv-1","participantIds":["bob","alice"]"#
        #expect(try record(line + "}") == .conversation(opening, .none, openedAt: now))
        #expect(
            try record(line + #","timestamp":"1970-01-01T00:00:02Z"}"#)
                == .conversation(opening, .none, openedAt: Timestamp(milliseconds: 2000)))
        #expect(
            try record(line + #","direct":true}"#)
                == .conversation(
                    NewConversation(id: talk, participants: [alice, bob], isDirect: true), .none, openedAt: now))
    }

    private func message(_ members: String = "", content: String = "Hi") -> String {
        #"{"kind":"message","conversationId":"conv-1","senderId":"alice","content":"\#(content)","#
            + #""timestamp":"1970-01-01T00:00:02Z"\#(members)}"#
    }

    private func imported(_ text: String, key: String? = nil) throws -> ImportRecord {
        .message(
            ImportedMessage(
                conversation: talk, sender: alice, content: try MessageContent(text),
                sentAt: Timestamp(milliseconds: 2000), clientMessageID: key), .none)
    }

    @Test("A line with a message is read with its own time; an empty key is none")
    func messages() throws {
        #expect(try record(message()) == imported("Hi"))
        #expect(try record(message(#","clientMessageId":"k1""#)) == imported("Hi", key: "k1"))
        #expect(try record(message(#","clientMessageId":"""#)) == imported("Hi"))
    }

    @Test("An imported message may be longer than new ones may")
    func long() throws {
        let text = String(repeating: "a", count: 20_000)
        guard case .message(let message, _) = try record(message(content: text)) else {
            Issue.record("not a message")
            return
        }
        #expect(message.content?.text.utf8.count == 20_000)
    }

    @Test("A line with a read marker is read, up to a message or to everything so far")
    func read() throws {
        let line = #"{"kind":"read","conversationId":"conv-1","userId":"bob""#
        #expect(try record(line + "}") == .read(talk, bob, .none, upTo: nil))
        #expect(try record(line + #","upTo":"conv-1:7"}"#) == .read(talk, bob, .none, upTo: 7))
    }

    @Test("any line may name its tenant")
    func tenant() throws {
        #expect(
            try record(#"{"kind":"read","conversationId":"conv-1","userId":"bob","tenantId":"acme"}"#)
                == .read(talk, bob, TenantID(trusted: "acme"), upTo: nil))
    }

    @Test("A line with a pruned conversation is read, with its place in lists")
    func pruned() throws {
        let opening = try NewConversation(id: talk, participants: [alice, bob], isDirect: false)
        let line =
            #"{"kind":"conversation","id":"conv-1","participantIds":["bob","alice"],"prunedUpTo":7,"activity":3,"#
        #expect(
            try record(line.dropLast() + "}")
                == .conversation(opening, .none, openedAt: now, pruning: Pruning(upTo: 7, before: nil), activity: 3))
        let pruning = Pruning(upTo: 7, before: Timestamp(milliseconds: 1500))
        #expect(
            try record(line + #""prunedBefore":"1970-01-01T00:00:01.5Z"}"#)
                == .conversation(opening, .none, openedAt: now, pruning: pruning, activity: 3))
        #expect(
            complaint((line + #""prunedBefore":"90d"}"#).utf8) == "prunedBefore must be like 2024-12-01T10:30:00.000Z")
    }

    @Test("A line with an erased message has no content")
    func erased() throws {
        let line =
            #"{"kind":"message","conversationId":"conv-1","senderId":"alice","timestamp":"1970-01-01T00:00:02Z","#
        let message = ImportedMessage(
            conversation: talk, sender: alice, content: nil, sentAt: Timestamp(milliseconds: 2000), clientMessageID: nil
        )
        #expect(try record(line + #""erased":true}"#) == .message(message, .none))
        #expect(complaint((line + #""erased":true,"content":"Hi"}"#).utf8) == "an erased message has no content")
        #expect(complaint((line + #""erased":false}"#).utf8) == "content is missing")
    }

    @Test("what an export writes is read as the same record, whatever is in it")
    func written() throws {
        let acme = TenantID(trusted: "acme/\"1\"")
        let strange = "é e\u{301} \u{1} \u{7F} \u{2028} \u{FFFF} \\/\" 👩‍🚀 \u{FEFF}x"
        let opening = try NewConversation(id: talk, participants: [alice, bob], isDirect: true)
        func message(_ text: String?, _ key: String?) throws -> ImportedMessage {
            ImportedMessage(
                conversation: talk, sender: alice, content: try text.map { try MessageContent($0) },
                sentAt: Timestamp(milliseconds: -1), clientMessageID: key)
        }
        let records: [ImportRecord] = [
            .person(Person(id: alice), .none), .person(Person(id: bob, name: strange, company: ""), acme),
            .conversation(
                opening, acme, openedAt: now,
                pruning: Pruning(upTo: 4, before: Timestamp(milliseconds: -62_000_000_000_001)),
                activity: 1),
            .conversation(opening, .none, openedAt: now),
            .message(try message(strange, strange.filter { $0 != "\u{1}" && $0 != "\u{7F}" }), acme),
            .message(try message(nil, nil), .none), .read(talk, bob, acme, upTo: 9),
        ]
        for written in records {
            let bytes = try ImportLine.bytes(of: written)
            #expect(bytes.last == UInt8(ascii: "\n") && bytes.count { $0 == UInt8(ascii: "\n") } == 1)
            #expect(try ImportLine.record(from: Array(bytes.dropLast()), now: Timestamp(milliseconds: 0)) == written)
            #expect(try ImportLine.bytes(of: written) == bytes)
        }
    }

    @Test(
        "Each mistake in a line of an import has its sentence",
        arguments: [
            ("rubbish", "not a JSON object"), (#"{"kind":"user""#, "not a JSON object"),
            ("[]", "the line has the wrong type"),
            ("{}", "kind must be one of user, conversation, message, read"),
            (#"{"kind":"group"}"#, "kind must be one of user, conversation, message, read"),
            (#"{"kind":1}"#, "kind has the wrong type"),
            (#"{"kind":"user"}"#, "id is missing"), (#"{"kind":"user","id":""}"#, "id is not a valid id"),
            (#"{"kind":"user","id":7}"#, "id has the wrong type"),
            (#"{"kind":"user","id":"a","tenantId":""}"#, "tenantId is not a valid id"),
            (#"{"kind":"conversation","id":"c"}"#, "participantIds is missing"),
            (#"{"kind":"conversation","participantIds":["a","b"]}"#, "id is missing"),
            (#"{"kind":"conversation","id":"@c","participantIds":["a","b"]}"#, "id is not a valid id"),
            (#"{"kind":"conversation","id":"c","participantIds":["a",""]}"#, "participantIds is not a valid id"),
            (#"{"kind":"conversation","id":"c","participantIds":["a",1]}"#, "participantIds has the wrong type"),
            (
                #"{"kind":"conversation","id":"c","participantIds":["a","a"]}"#,
                "A conversation needs a participant besides the sender."
            ),
            (
                #"{"kind":"conversation","id":"c","participantIds":["a","b","c"],"direct":true}"#,
                "A direct conversation has exactly two participants."
            ),
            (
                #"{"kind":"conversation","id":"c","participantIds":["a","b"],"timestamp":"yesterday"}"#,
                "timestamp must be like 2024-12-01T10:30:00.000Z"
            ),
            (
                #"{"kind":"conversation","id":"c","participantIds":["a","b"],"prunedUpTo":-1}"#,
                "prunedUpTo is out of range"
            ),
            (
                #"{"kind":"conversation","id":"c","participantIds":["a","b"],"activity":9007199254740993}"#,
                "activity is out of range"
            ),
            (
                #"{"kind":"conversation","id":"c","participantIds":["a","b"],"activity":"1"}"#,
                "activity has the wrong type"
            ),
            (#"{"kind":"message"}"#, "content is missing"),
            (#"{"kind":"message","content":"Hi"}"#, "conversationId is missing"),
            (#"{"kind":"message","content":"Hi","conversationId":"c"}"#, "senderId is missing"),
            (#"{"kind":"message","content":"Hi","conversationId":"c","senderId":"a"}"#, "timestamp is missing"),
            (
                #"{"kind":"message","content":"Hi","conversationId":"@b","senderId":"a"}"#,
                "conversationId is not a valid id"
            ),
            (#"{"kind":"read","conversationId":"c"}"#, "userId is missing"),
            (
                #"{"kind":"read","conversationId":"c","userId":"a","upTo":"d:1"}"#,
                "upTo is not the id of a message of this conversation"
            ),
        ])
    func mistakes(line: String, sentence: String) {
        #expect(complaint(line.utf8) == sentence)
    }

    @Test("content that could not be sent cannot be imported either", arguments: ["", "  ", #"a\u0000"#])
    func content(text: String) {
        #expect(complaint(message(content: text).utf8)?.hasPrefix("The content must not") == true)
    }

    @Test(
        "A key that no client could send cannot be imported",
        arguments: [#"a\u0000"#, #"a\n"#, String(repeating: "a", count: 256)])
    func key(text: String) {
        #expect(
            complaint(message(#","clientMessageId":"\#(text)""#).utf8)
                == "clientMessageId must have at most 255 bytes and no control characters")
    }

    @Test("a line that is not UTF-8 is no JSON object")
    func notUTF8() {
        let line = Array(#"{"kind":"user","id":""#.utf8) + [0xE9] + Array(#""}"#.utf8)
        #expect(complaint(line) == "not a JSON object")
    }

    @Test("a line with a number that the parser stops at, or with one member twice, is named")
    func hostile() {
        let number = "1" + String(repeating: "0", count: 199) + "e-182"
        for line in [
            #"{"kind":"user","id":"a","x":\#(number)}"#, #"{"kind":"user","id":"a","x":[{"y":\#(number)}]}"#,
            #"{"kind":"conversation","id":"c","participantIds":["a"],"prunedUpTo":\#(number)}"#,
        ] {
            #expect(complaint(line.utf8) == "a number has more than 64 characters")
        }
        for line in [
            #"{"kind":"user","id":"a","id":"b"}"#, #"{"kind":"user","id":"a","\u0069d":"b"}"#,
            #"{"kind":"user","id":"a","x":{"y":1,"y":1}}"#,
        ] {
            #expect(complaint(line.utf8) == "an object has the same member twice")
        }
    }
}
