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

    @Test("U+0000 anywhere in content is refused", arguments: ["\u{0}", "a\u{0}", "\u{0}a", " \u{0} "])
    func nul(text: String) {
        #expect(throws: MessagingError.invalidMessage("The content must not contain U+0000.")) {
            try MessageContent(text)
        }
    }
}
