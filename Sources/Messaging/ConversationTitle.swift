/// How a conversation is headed in one participant's list: by the others in it.
public struct ConversationTitle: Equatable, Sendable {
    /// The others' names, joined by commas; where there are more than are known here, how many more.
    public let name: String
    /// The company that all others known here share; empty where it is unknown or they differ.
    public let company: String
    /// Two letters for an avatar.
    public let initials: String

    /// Heads a conversation between these people, one of whom is the viewer; of many, the first ones name it, as in a list.
    ///
    /// - Parameter count: how many take part, where `people` are only some of them.
    public init(people: [Person], of count: Int? = nil, viewer: UserID) {
        let all = people.filter { $0.id != viewer }
        let others = all.prefix(ConversationSummary.mostPeople - 1)
        if others.count == 1 {
            name = others[0].displayName
            company = others[0].company ?? ""
            initials = String(Self.firstLetters(of: name)).uppercased()
            return
        }
        let names = others.map(\.displayName).joined(separator: ", ")
        let more = (count ?? people.count) - people.count + all.count - others.count
        name = more > 0 ? "\(names), and \(more) more" : names
        let shared = others.first?.company ?? ""
        company = others.allSatisfy { ($0.company ?? "") == shared } ? shared : ""
        let letters = others.prefix(2).compactMap { Self.firstLetters(of: $0.displayName).first }
        initials = String(letters).uppercased()
    }

    /// The first letters of the first and the last word.
    private static func firstLetters(of name: String) -> [Character] {
        // The Unicode tables take far longer.
        if name.utf8.allSatisfy({ $0 < 0x80 }) {
            return firstOfWords(name.utf8, isASCIIOfWord).map { Character(Unicode.Scalar($0)) }
        }
        return firstOfWords(name) { $0.isLetter || $0.isNumber }
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
}
