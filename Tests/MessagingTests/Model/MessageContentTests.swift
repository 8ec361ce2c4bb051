import Messaging
import Testing

@Suite("Message content")
struct MessageContentTests {
    @Test(
        "content stays byte for byte",
        arguments: [" a ", "e\u{301}", "\u{E9}", "a\nb\r\n", "🙂", "\u{FEFF}x", "\u{1}", "0"])
    func bytesStay(text: String) throws {
        #expect(bytes(try MessageContent(text).text) == bytes(text))
    }

    @Test("the limit counts bytes of UTF-8", arguments: [(16_384, true), (16_385, false)])
    func limit(count: Int, isTaken: Bool) throws {
        for text in [String(repeating: "a", count: count), String(repeating: "é", count: count / 2) + "a"]
        where text.utf8.count == count || !isTaken {
            let content = try? MessageContent(text)
            #expect((content != nil) == (text.utf8.count <= 16_384))
        }
        #expect(throws: MessagingError.contentTooLarge(limit: 3)) { try MessageContent("éé", limit: 3) }
    }

    @Test("blank content is refused", arguments: ["", " ", "\t\r\n", "\u{A0}\u{2003}\u{3000}", "\u{2028}"])
    func blank(text: String) {
        #expect(throws: MessagingError.invalidMessage("The content must not be empty or blank.")) {
            try MessageContent(text)
        }
    }

    @Test("Content of invisible characters is blank, alone or among others, and one visible character makes it content")
    func invisible() {
        let characters = Self.invisible
        // Each of these blocks and characters is invisible for a reason of its own.
        for scalar: Unicode.Scalar in [
            "\t", " ", "\u{85}", "\u{A0}", "\u{AD}", "\u{34F}", "\u{61C}", "\u{115F}", "\u{1160}", "\u{1680}",
            "\u{17B4}",
            "\u{180B}", "\u{180E}", "\u{2000}", "\u{200B}", "\u{200D}", "\u{200F}", "\u{2028}", "\u{202E}", "\u{202F}",
            "\u{205F}", "\u{2060}", "\u{2064}", "\u{2065}", "\u{206F}", "\u{2800}", "\u{3000}", "\u{3164}", "\u{FE00}",
            "\u{FE0F}", "\u{FEFF}", "\u{FFA0}", "\u{FFF0}", "\u{1BCA0}", "\u{1D173}", "\u{E0001}", "\u{E0020}",
            "\u{E0100}",
            "\u{E0FFF}",
        ] {
            #expect(characters.contains(scalar), "U+\(String(scalar.value, radix: 16))")
        }
        for scalar in characters {
            let text = String(scalar)
            for blank in [text, text + text, " \(text)\u{200B}\n", "\u{2800}\(text)"] {
                #expect((try? MessageContent(blank)) == nil, "U+\(String(scalar.value, radix: 16))")
            }
            for visible in ["a\(text)", "\(text)🙂", "\(text).\(text)"] {
                #expect(throws: Never.self) { try MessageContent(visible) }
            }
        }
        #expect((try? MessageContent(String(String.UnicodeScalarView(characters)))) == nil)
    }

    @Test(
        "Content of which something can be seen is not blank",
        arguments: ["\u{28FF}", "\u{2801}", "\u{301}", "\u{FFFC}", "\u{1F1E9}", "\u{1}", "ᅟᅡ"])
    func visible(text: String) {
        #expect(throws: Never.self) { try MessageContent(text) }
    }

    @Test(
        "A history may have invisible content, which could be sent once",
        arguments: ["\u{200B}", "\u{2800}\u{FEFF}", " \u{3164}"])
    func history(text: String) throws {
        #expect(try MessageContent(history: text).text == text)
        #expect(throws: MessagingError.self) { try MessageContent(history: " \u{3000}") }
        #expect(throws: MessagingError.self) { try MessageContent(history: text + "\u{0}") }
    }

    /// All characters with one of the properties that make them invisible, and the one that has none of them.
    private static let invisible: [Unicode.Scalar] =
        (0...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter {
            $0.properties.isWhitespace || $0.properties.isDefaultIgnorableCodePoint
        } + ["\u{2800}"]

    @Test("U+0000 anywhere in content is refused", arguments: ["\u{0}", "a\u{0}", "\u{0}a", " \u{0} "])
    func nul(text: String) {
        #expect(throws: MessagingError.invalidMessage("The content must not contain U+0000.")) {
            try MessageContent(text)
        }
    }
}
