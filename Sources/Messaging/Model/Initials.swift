/// Letters for an avatar: at most two characters, whatever a name is made of.
enum Initials {
    /// The initials of one name: the first letters of its first and of its last word.
    static func of(_ name: String) -> String {
        firstLetters(of: name).map(capital).joined()
    }

    /// The initials of a group: the first letters of its first two names.
    static func of(group names: some Sequence<String>) -> String {
        names.prefix(2).compactMap { firstLetters(of: $0).first }.map(capital).joined()
    }

    private static func firstLetters(of name: String) -> [Character] {
        // The Unicode tables take far longer.
        if name.utf8.allSatisfy({ $0 < 0x80 }) {
            return firstOfWords(name.utf8, isASCIIOfWord).map { Character(Unicode.Scalar($0)) }
        }
        return firstOfWords(name.lazy.filter { !isTransparent($0) }, isOfWord)
    }

    /// The first element of the first and of the last run of elements that are of words.
    private static func firstOfWords<Text: Sequence>(
        _ text: Text, _ isOfWord: (Text.Element) -> Bool
    ) -> [Text.Element] {
        var found: [Text.Element] = []
        var isInWord = false
        for element in text {
            let begins = !isInWord
            isInWord = isOfWord(element)
            guard begins, isInWord else { continue }
            if found.count == 2 { found[1] = element } else { found.append(element) }
        }
        return found
    }

    private static func isASCIIOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// Letters and numbers, but for those that are drawn as emoji, such as the keycap 1️⃣.
    private static func isOfWord(_ character: Character) -> Bool {
        guard character.isLetter || character.isNumber else { return false }
        return !character.unicodeScalars.contains { $0 == "\u{FE0F}" || $0.properties.isEmojiPresentation }
    }

    /// Whether it stands in a word without being seen or ending it, as a soft hyphen or a mark of direction does; a space of no width
    /// ends it.
    private static func isTransparent(_ character: Character) -> Bool {
        character != "\u{200B}" && character.unicodeScalars.allSatisfy(\.properties.isDefaultIgnorableCodePoint)
    }

    /// A letter as a capital, in one character: of a ligature, a digraph or ß, which stand for several letters, the first.
    private static func capital(_ letter: Character) -> String {
        if letter.isASCII { return letter.uppercased() }
        let scalars = letter.unicodeScalars
        // Title case, since ᾳ becomes ᾼ there and two letters in upper case. Marks stay as they are: the capital of a mark can be a
        // letter (U+0345).
        let titled = scalars[scalars.startIndex].properties.titlecaseMapping
        let first = titled.first { $0.isCased } ?? titled.first ?? letter
        let base = digraphs[first] ?? first
        return String((String(base) + String(String.UnicodeScalarView(scalars.dropFirst()))).prefix(1))
    }

    /// The first letters of the letters that stand for two, in title case (ĳ, ǆ, ǉ, ǌ, ǳ).
    private static let digraphs: [Character: Character] = [
        "\u{132}": "I", "\u{1C5}": "D", "\u{1C8}": "L", "\u{1CB}": "N", "\u{1F2}": "D",
    ]
}
