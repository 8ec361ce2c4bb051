import MessagingHTTP
import Testing

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test(
        "Percent escapes stand for bytes",
        arguments: [
            ("", ""), ("abc", "abc"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("%C3%A9", "é"), ("e%CC%81", "e\u{301}"),
            ("%F0%9F%99%82", "🙂"), ("%00", "\u{0}"), ("%25", "%"), ("%2525", "%25"), ("a+b", "a+b"), ("é", "é"),
        ])
    func decode(encoded: String, decoded: String) {
        #expect(bytes(PercentEncoding.decode(encoded.utf8)) == bytes(decoded))
    }

    @Test("in the query of a form, + is a space and %2B is a plus")
    func plus() {
        #expect(PercentEncoding.decode("a+b%2Bc".utf8, plusIsSpace: true) == "a b+c")
    }

    @Test(
        "Broken percent escapes, and bytes that are not UTF-8, are refused",
        arguments: [
            "%", "%2", "a%", "%zz", "%2g", "%%41", "% 41", "%-1", "%ff", "%C3", "%A9",
            // Overlong forms of / and U+0000, a surrogate, and a code point past the last.
            "%C0%AF", "%E0%80%AF", "%C0%80", "%ED%A0%80", "%F4%90%80%80",
        ])
    func refused(encoded: String) {
        #expect(PercentEncoding.decode(encoded.utf8) == nil)
    }

    @Test(
        "Percent-encoding leaves only what may stand in a segment and in a query value",
        arguments: [
            ("conv-456", "conv-456"), ("a/b", "a%2Fb"), ("a b", "a%20b"), ("50%", "50%25"),
            ("a?b#c&d=e+f", "a%3Fb%23c%26d%3De%2Bf"),
            ("é", "%C3%A9"), ("a@b:c~d.e_f", "a@b:c~d.e_f"), ("<>\"", "%3C%3E%22"),
        ])
    func encode(plain: String, encoded: String) {
        #expect(PercentEncoding.encode(plain) == encoded)
    }

    @Test("Every character comes back from percent-encoding, in a path and in a query")
    func roundTrip() throws {
        for code in Array(0...0x7FF as ClosedRange<UInt32>) + [0x2028, 0xFFFF, 0x1F642, 0x10FFFF] {
            let plain = String(try #require(Unicode.Scalar(code)))
            let encoded = PercentEncoding.encode(plain)
            #expect(bytes(PercentEncoding.decode(encoded.utf8)) == bytes(plain))
            #expect(bytes(PercentEncoding.decode(encoded.utf8, plusIsSpace: true)) == bytes(plain))
        }
    }
}
