/// How a conversation is headed in one participant's list: by the others in it.
public struct ConversationTitle: Equatable, Sendable {
    /// The others' names, joined by commas; where there are more than are known here, how many more.
    public let name: String
    /// The company that all others known here share; empty where it is unknown or they differ.
    public let company: String
    /// At most two letters for an avatar.
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
            initials = Initials.of(name)
            return
        }
        let names = others.map(\.displayName).joined(separator: ", ")
        let more = (count ?? people.count) - people.count + all.count - others.count
        name = more > 0 ? "\(names), and \(more) more" : names
        let shared = others.first?.company ?? ""
        company = others.allSatisfy { ($0.company ?? "") == shared } ? shared : ""
        initials = Initials.of(group: others.lazy.map(\.displayName))
    }
}
