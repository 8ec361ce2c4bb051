import Foundation
import MessagingHTTP
import Testing

@Suite("JSON as it is written")
struct JSONWriterTests {
    private func written(_ plain: String) -> [UInt8] {
        var json = JSONWriter()
        json.string(plain)
        return json.bytes
    }

    private func readBack(_ json: [UInt8]) throws -> String {
        try JSONDecoder().decode([String].self, from: Data([0x5B] + json + [0x5D]))[0]
    }

    @Test(
        "quotes, backslashes and control characters are escaped, nothing else",
        arguments: [
            ("", #""""#), ("a", #""a""#), ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#), ("\n", #""\n""#),
            ("\r\n", #""\r\n""#), ("\t", #""\t""#), ("\u{8}\u{C}", #""\b\f""#), ("\u{0}", #""\u0000""#),
            ("\u{1F}", #""\u001f""#), ("\u{1B}[", #""\u001b[""#), ("\u{7F}", "\"\u{7F}\""),
            ("\u{2028}", "\"\u{2028}\""),
            ("🙂é", "\"🙂é\""), ("e\u{301}", "\"e\u{301}\""), ("\\u0041", #""\\u0041""#), ("</script>", #""</script>""#),
        ])
    func escaping(plain: String, json: String) {
        #expect(written(plain) == bytes(json))
    }

    @Test("Every control character and its neighbours come back from written JSON")
    func everyASCII() throws {
        for code in 0...0xFF as ClosedRange<UInt8> {
            let plain = "a\(Unicode.Scalar(code))b\(Unicode.Scalar(code))"
            #expect(bytes(try readBack(written(plain))) == bytes(plain))
        }
    }

    @Test(
        "A character that must be escaped in JSON is escaped wherever it stands",
        arguments: ["\"", "\\", "\n", "\u{1F}", "\u{80}"])
    func everywhere(odd: String) throws {
        for length in 0...40 {
            for place in 0...length {
                let plain =
                    String(repeating: "!", count: place) + odd + String(repeating: "\u{7F}", count: length - place)
                #expect(bytes(try readBack(written(plain))) == bytes(plain))
            }
        }
    }

    @Test(
        "Any text comes back from written JSON byte for byte",
        arguments: ["\u{2028}\u{2029}", "👩‍👩‍👧", "e\u{301}\u{E9}", "\u{10FFFF}\u{FFFF}", "日本"])
    func anyText(plain: String) throws {
        #expect(bytes(try readBack(written(plain))) == bytes(plain))
    }

    @Test("A bridged string of Foundation is written to JSON like any other")
    func foundationText() {
        let foreign = NSString(string: "a\"é\n").appending("")
        #expect(written(foreign) == bytes(#""a\"é\n""#))
    }

    @Test(
        "Numbers are written to JSON as decimal digits",
        arguments: [
            (0, "0"), (9, "9"), (10, "10"), (-1, "-1"), (Int64.max, "9223372036854775807"),
            (Int64.min, "-9223372036854775808"),
        ])
    func numbers(number: Int64, json: String) {
        var writer = JSONWriter()
        writer.number(number)
        #expect(writer.bytes == bytes(json))
    }
}
