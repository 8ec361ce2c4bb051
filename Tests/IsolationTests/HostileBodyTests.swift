import Foundation
import HTTP
import MessagingHTTP
import StoreTestSupport
import Testing

/// Bodies that are JSON only in part, or too much so.
@Suite(.onEachStore)
struct HostileBodyTests {
    private let bench: Bench
    /// The largest body that the program hands on.
    private static let largest = 16 * 1024 * 6 + 64 * 1024

    init() async throws {
        bench = try Bench()
        try bench.open("c-1", "alice", "bob")
    }

    private func send(_ body: [UInt8], type: String = "application/json") async -> Response {
        await bench.answer(
            Ask(method: .post, path: Ask.thread("c-1"), body: body, fields: [(.contentType, type)]))
    }

    private func read(_ body: [UInt8]) async -> Response {
        await bench.answer(
            Ask(method: .put, path: Ask.list + "/c-1/read", body: body, fields: [(.contentType, "application/json")]))
    }

    @Test(
        "Nesting of any depth is refused or ignored, wherever the text ends",
        arguments: [1, 2, 10, 99, 100, 101, 500, 510, 511, 512, 513, 514, 515, 1000, largest])
    func deep(levels: Int) async {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]"), ("[ ", " ]"), ("{\"content\":", "}")] {
            let count = min(levels, Self.largest / open.utf8.count)
            let (opens, closes) = (String(repeating: open, count: count), String(repeating: close, count: count))
            for text in [
                opens, opens + closes, opens + "1" + closes, "{\"x\":" + opens, "{\"content\":\"Hi\",\"x\":" + opens,
            ] {
                let answer = await send(Array(text.utf8.prefix(Self.largest)))
                #expect(["malformed-request", "invalid-message"].contains(answer.problem))
                let read = await read(Array(text.utf8))
                #expect(read.status == 200 || ["malformed-request", "invalid-message"].contains(read.problem))
            }
            let ignored = await send(Array("{\"content\":\"Hi\",\"x\":\(opens)1\(closes)}".utf8))
            if levels < 50 {
                #expect(ignored.status == 201)
            } else {
                #expect(ignored.status == 201 || ignored.problem == "malformed-request")
            }
        }
    }

    @Test("Brackets in a string are no nesting")
    func brackets() async throws {
        let content = String(repeating: "[{\\\"", count: 2000)
        let answer = await send(Array("{\"content\":\"\(content)\"}".utf8))
        #expect(answer.status == 201)
    }

    @Test("What is not JSON in UTF-8 is malformed, and leaves nothing behind")
    func malformed() async {
        let texts: [[UInt8]] = [
            [], [0], [0x20], Array("{".utf8), Array("{\"content\"".utf8), Array("{\"content\":\"Hi\"".utf8),
            Array("{\"content\":\"Hi\"}x".utf8),
            Array("{\"content\":\"Hi\"}{}".utf8), Array("{content:\"Hi\"}".utf8), Array("{'content':'Hi'}".utf8),
            Array("{\"content\":\"a\nb\"}".utf8), Array("{\"content\":\"\\x41\"}".utf8),
            Array("{\"content\":\"\\ud800\"}".utf8), Array("{\"content\":\"\\udc00\"}".utf8),
            Array("{\"content\":\"\\ud800\\u0041\"}".utf8),
            Array("{\"content\":\"\\uZZZZ\"}".utf8), Array("{\"content\":\"\\u12\"}".utf8),
            Array("{\"content\":NaN}".utf8),
            Array("{\"content\":\"Hi\"}\0".utf8), Array("{\"content\":\"H\0i\"}".utf8),
            [0xFF, 0xFE] + Self.wide("{\"content\":\"Hi\"}"),
            Self.wide("{\"content\":\"Hi\"}"), Array("{\"content\":\"".utf8) + [0xFF] + Array("\"}".utf8),
            Array("{\"content\":\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8),
            Array("{\"content\":\"".utf8) + [0xC0, 0xAF] + Array("\"}".utf8),
            Array("/**/{\"content\":\"Hi\"}".utf8), Array("{\"content\":\"Hi\"}//".utf8),
        ]
        for text in texts { #expect(await send(text).problem == "malformed-request", "\(text)") }
        #expect(await bench.answer(Ask(path: Ask.thread("c-1"))).text == "[]")
    }

    @Test("A byte order mark is malformed or ignored, and never part of the content")
    func byteOrderMark() async {
        let answer = await send([0xEF, 0xBB, 0xBF] + Array("{\"content\":\"Hi\"}".utf8))
        #expect(answer.problem == "malformed-request" || answer.text.contains("\"content\":\"Hi\""))
    }

    @Test("JSON of another shape is an invalid message")
    func shapes() async {
        for text in [
            "null", "true", "1", "\"content\"", "[]", "[{\"content\":\"Hi\"}]", "{}", "{\"content\":null}",
            "{\"content\":1}",
            "{\"content\":[]}", "{\"content\":{}}", "{\"content\":true}", "{\"content\":\"\"}",
            "{\"content\":\" \\n\\u2003\"}",
            "{\"content\":\"a\\u0000b\"}", "{\"Content\":\"Hi\"}", "{\"content\":\"Hi\",\"receiverId\":1.5}",
            "{\"content\":1e400}",
            "{\"content\":\"Hi\",\"receiverId\":[\"bob\"]}", "{\"content\":\"Hi\",\"participantIds\":[true]}",
            "{\"content\":\"Hi\",\"participantIds\":[[\"bob\"]]}", "{\"content\":\"Hi\",\"participantIds\":[null]}",
            "{\"content\":\"Hi\",\"clientMessageId\":7}", "{\"content\":\"Hi\",\"senderId\":{}}",
        ] {
            #expect(["invalid-message", "malformed-request"].contains(await send(Array(text.utf8)).problem), "\(text)")
        }
        for text in ["[]", "1", "{\"upTo\":1}", "{\"upTo\":[]}", "{\"upTo\":true}"] {
            #expect(await read(Array(text.utf8)).problem == "invalid-message", "\(text)")
        }
        #expect(await bench.answer(Ask(path: Ask.thread("c-1"))).text == "[]")
    }

    @Test("Numbers of any size among members that are ignored change nothing")
    func numbers() async {
        for number in [
            "1e309", "-1e309", String(repeating: "9", count: 100_000), "0.\(String(repeating: "0", count: 100_000))1",
            "1e-999999999",
        ] {
            let answer = await send(Array("{\"content\":\"Hi\",\"x\":\(number)}".utf8))
            #expect(answer.status == 201 || answer.problem == "malformed-request", "\(number.prefix(20))")
        }
        // Foundation's parser stops the program for these.
        for digits in 165...200 {
            let number = "1\(String(repeating: "0", count: digits))e-\(digits - 17)"
            #expect(await send(Array("{\"content\":\"Hi\",\"x\":\(number)}".utf8)).problem == "malformed-request")
        }
    }

    @Test("A body with one member twice is refused, whichever it is and however its name is written")
    func duplicates() async {
        for members in [
            #""senderId":"alice","senderId":"mallory""#, #""senderId":"mallory","\u0073enderId":"alice""#,
            #""content":"two""#, #""x":1,"x":1"#, #""x":{"y":1,"y":1}"#,
        ] {
            let answer = await send(Array("{\"content\":\"Hi\",\(members)}".utf8))
            #expect(answer.problem == "malformed-request", "\(members)")
        }
        #expect(await read(Array(#"{"upTo":"c-1:1","upTo":"c-1:2"}"#.utf8)).problem == "malformed-request")
        #expect(await bench.answer(Ask(path: Ask.thread("c-1"))).text == "[]")
    }

    @Test("A sender who is not the caller is refused, whatever else the body says")
    func forged() async {
        for sender in ["bob", "ALICE", "alice ", "alice\\u0000", "ali\\u200bce", "\\u0061lice2", "'alice'", "alice\\n"]
        {
            #expect(
                await send(Array("{\"content\":\"Hi\",\"senderId\":\"\(sender)\"}".utf8)).problem == "sender-mismatch",
                "\(sender)")
        }
        #expect(await send(Array("{\"content\":\"Hi\",\"senderId\":\"\\u0061lice\"}".utf8)).status == 201)
    }

    @Test("Ten thousand receivers are refused, one as often too, and the same one five hundred times is one")
    func crowd() async {
        func send(_ ids: [String]) async -> Response {
            let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
            return await bench.answer(.send(to: "crowd-\(ids[1])", "{\"content\":\"Hi\",\"participantIds\":[\(list)]}"))
        }
        #expect(await send((0..<10_000).map { "u\($0)" }).problem == "invalid-message")
        #expect(await send([String](repeating: "bob", count: 10_000)).problem == "invalid-message")
        #expect(await send([String](repeating: "bob", count: 500)).status == 201)
        #expect(await bench.answer(Ask(user: "u1", path: Ask.list)).text == "[]")
    }

    @Test("Text that is not UTF-8, or holds U+0000, is refused as plain text too")
    func plainText() async {
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80]] {
            #expect(await send(bytes, type: "text/plain").problem == "malformed-request")
        }
        #expect(await send([0x61, 0, 0x62], type: "text/plain").problem == "invalid-message")
        #expect(await send([UInt8](repeating: 0x61, count: 16_385), type: "text/plain").problem == "content-too-large")
        #expect(await send([UInt8](repeating: 0x61, count: 16_384), type: "text/plain").status == 201)
    }

    private static func wide(_ text: String) -> [UInt8] { text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } }
}
