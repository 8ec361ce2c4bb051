import Messaging
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    private let composed = "ren\u{E9}"
    private let decomposed = "rene\u{301}"

    @Test("a composed and a decomposed é are two people, although Swift calls the strings equal")
    func comparesBytes() throws {
        let one = try #require(UserID(composed))
        let other = try #require(UserID(decomposed))
        #expect(one.text == other.text)
        #expect(one != other)
        #expect(Set([one, other]).count == 2)
    }

    @Test("Two identifiers of the same bytes are equal")
    func equalBytes() {
        #expect(UserID(composed) == UserID("ren" + "\u{E9}"))
        #expect(Set([UserID(composed), UserID("ren" + "\u{E9}")]).count == 1)
    }

    @Test("ids are ordered by bytes, as the database orders them")
    func order() {
        // Unicode's own order would put both forms of é in one place.
        let sorted = [composed, decomposed, "Z", "a", "\u{FF5E}", "\u{1F642}", "aa"].map(UserID.init(trusted:)).sorted()
        let byBytes = sorted.map { Array($0.text.utf8) }
        #expect(byBytes == byBytes.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(UserID(trusted: decomposed) < UserID(trusted: composed))
    }

    @Test(
        "an id has 1 to 255 bytes, however many characters those are",
        arguments: [
            ("", false), ("a", true), (String(repeating: "a", count: 255), true),
            (String(repeating: "a", count: 256), false), (String(repeating: "é", count: 127), true),
            (String(repeating: "é", count: 128), false),
        ])
    func length(text: String, isValid: Bool) {
        #expect((UserID(text) != nil) == isValid)
    }

    @Test("An identifier has no control characters", arguments: Array(0...0x1F) + Array(0x7F...0x9F))
    func controlCharacters(code: UInt32) throws {
        let control = try #require(Unicode.Scalar(code))
        #expect(UserID("a\(control)b") == nil)
    }

    @Test(
        "An identifier may have blanks, punctuation and any script",
        arguments: ["a b", "user@example.com", "a/b", "a:1", "日本", "🙂", ".", "\u{A0}"])
    func otherCharacters(text: String) {
        #expect(bytes(UserID(text)?.text) == bytes(text))
    }

    @Test("The unnamed tenant is the empty one")
    func noTenant() {
        #expect(TenantID.none.text.isEmpty)
        #expect(Caller(user: alice).tenant == .none)
        #expect(Caller(user: alice) != Caller(tenant: TenantID(trusted: "acme"), user: alice))
    }
}
