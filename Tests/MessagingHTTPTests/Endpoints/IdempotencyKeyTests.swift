import HTTP
import Testing

@testable import MessagingHTTP

@Suite("Idempotency keys")
struct IdempotencyKeyTests {
    private func key(_ values: String..., member: String? = nil) throws -> String? {
        try IdempotencyKey.of(request(.post, "/", values.map { (.idempotencyKey, $0) }), member: member)
    }

    @Test("A request without an idempotency key, or with an empty member, has none")
    func none() throws {
        #expect(try key() == nil)
        #expect(try key(member: "") == nil)
        #expect(try key("k", member: "") == "k")
    }

    @Test("clientMessageId takes precedence over Idempotency-Key, since it stays with the message")
    func member() throws {
        #expect(try key(member: "m") == "m")
        #expect(try key("k", member: "m") == "m")
        #expect(bytes(try key(member: "e\u{301}\"")) == bytes("e\u{301}\""))
    }

    @Test(
        "Idempotency-Key is read with or without the quotes of a structured field",
        arguments: [("k", "k"), ("\"k\"", "k"), ("\"k", "\"k"), ("é", "é"), ("a b", "a b"), ("\"\"\"", "\"")])
    func field(value: String, expected: String) throws {
        #expect(try key(value) == expected)
    }

    @Test("An idempotency key has 1 to 255 bytes")
    func length() throws {
        let longest = String(repeating: "é", count: 127) + "a"
        #expect(try key(longest) == longest)
        #expect(try key(member: longest) == longest)
        #expect(problem { try key(longest + "a") } == .malformedRequest)
        #expect(problem { try key(member: longest + "a") } == .malformedRequest)
        #expect(problem { try key("") } == .malformedRequest)
        #expect(problem { try key("\"\"") } == .malformedRequest)
        #expect(problem { try key(longest + "a", member: "m") } == .malformedRequest)
    }

    @Test("An idempotency key has no control characters", arguments: ["a\tb", "a\u{0}", "\u{7F}", "\u{85}", "a\nb"])
    func controlCharacters(text: String) {
        #expect(problem { try key(text) } == .malformedRequest)
        #expect(problem { try key(member: text) } == .malformedRequest)
    }

    @Test("Idempotency-Key comes once and is UTF-8")
    func malformed() {
        #expect(problem { try key("a", "a") } == .malformedRequest)
        #expect(problem { try key("a", "a", member: "m") } == .malformedRequest)
        var fields = RequestFields()
        fields.append(.idempotencyKey, [0x61, 0xFF])
        let latin = Request(method: .post, target: [], fields: fields)
        #expect(problem { try IdempotencyKey.of(latin, member: nil) } == .malformedRequest)
    }
}
