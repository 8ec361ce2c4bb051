import Testing

@testable import MessagingHTTP

@Suite("JSON as it comes in")
struct JSONBodyTests {
    private struct Body: Decodable {
        let content: String
        let key: String?
        let people: [String]?
    }

    private func decode(_ json: String) throws -> Body {
        try JSONBody.decode(Body.self, from: Array(json.utf8))
    }

    private func detail(_ json: String, _ kind: ProblemKind) -> String? {
        let problem = thrownProblem { try decode(json) }
        return problem?.kind == kind ? problem?.detail : "another problem: \(problem, default: "none")"
    }

    @Test("Members of a JSON body are read byte for byte, and unknown ones are ignored")
    func members() throws {
        let body = try decode(#" {"content":"e\u0301\n\ud83d\ude42","key":null,"tenantId":{"a":[1]},"people":["a"]} "#)
        #expect(bytes(body.content) == bytes("e\u{301}\n🙂"))
        #expect(body.key == nil)
        #expect(body.people == ["a"])
    }

    @Test("An escaped U+0000 in JSON is read as a character")
    func escapedNUL() throws {
        #expect(try decode(#"{"content":"a\u0000b"}"#).content == "a\u{0}b")
    }

    @Test(
        "A body that is not JSON is malformed",
        arguments: [
            "", " ", "{", "content=Hello", "{'content':'a'}", #"{"content":"a"}}"#, #"{"content":"a""#,
            #"{"content":"\x"}"#,
            #"{"content":"\ud800"}"#, "{\"content\":\"a\nb\"}", #"{"content" "a"}"#, "\u{0}{\"content\":\"a\"}",
            "{\"content\":\"a\u{0}\"}",
        ])
    func malformed(json: String) {
        #expect(problem { try decode(json) } == .malformedRequest)
    }

    @Test("A JSON body in another encoding than UTF-8 is malformed")
    func encodings() {
        let json = #"{"content":"a"}"#
        let utf16 = json.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        let utf32 = json.utf8.flatMap { byte -> [UInt8] in [byte, 0, 0, 0] }
        let latin1 = Array("{\"content\":\"".utf8) + [0xE9] + Array("\"}".utf8)
        let surrogate = Array("{\"content\":\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8)
        for bytes in [utf16, [0xFF, 0xFE] + utf16, utf32, latin1, surrogate] {
            #expect(problem { try JSONBody.decode(Body.self, from: bytes) } == .malformedRequest)
        }
    }

    @Test(
        "JSON of another shape is an invalid message, and the sentence names the member",
        arguments: [
            ("[]", "The body must be an object."), ("\"a\"", "The body must be an object."),
            ("1", "The body must be an object."),
            ("{}", "content is missing."), (#"{"content":null}"#, "content must not be null."),
            (#"{"content":1}"#, "content must be a string."), (#"{"content":{}}"#, "content must be a string."),
            (#"{"content":"a","key":[]}"#, "key must be a string."),
            (#"{"content":"a","people":"bob"}"#, "people must be an array."),
            (#"{"content":"a","people":[1]}"#, "people must be a string."),
        ])
    func shape(json: String, sentence: String) {
        #expect(detail(json, .invalidMessage) == sentence)
    }

    @Test("A JSON body that is null is no object")
    func null() {
        #expect(problem { try decode("null") } == .invalidMessage)
    }

    @Test("a body that is nothing but nesting ends as a problem, not as a crash")
    func nesting() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(problem { try decode(deep) } == .malformedRequest)
        #expect(problem { try decode("{\"content\":\(deep)") } == .malformedRequest)
    }
}
