/// How a conversation is headed in one participant's list: by the others in it.
public struct ConversationTitle: Equatable, Sendable {
    /// The others' names, joined by commas.
    public let name: String
    /// The company that all others share; empty where it is unknown or they differ.
    public let company: String
    /// Two letters for an avatar.
    public let initials: String

    /// Heads a conversation between these people, one of whom is the viewer.
    public init(people: [Person], viewer: UserID) {
        let others = people.filter { $0.id != viewer }
        name = others.map(\.displayName).joined(separator: ", ")
        let companies = Set(others.map { $0.company ?? "" })
        company = companies.count == 1 ? companies.first ?? "" : ""
        let words =
            others.count == 1
            ? Self.words(of: others[0].displayName)
            : others.prefix(2).flatMap { Self.words(of: $0.displayName).prefix(1) }
        let letters = [words.first, words.count > 1 ? words.last : nil].compactMap { $0?.first }
        initials = String(letters).uppercased()
    }

    private static func words(of name: String) -> [Substring] {
        name.split { !$0.isLetter && !$0.isNumber }
    }
}
