/// What everybody should see, worked out in the most obvious way.
struct NaiveModel: Sendable {
    /// A conversation.
    struct Talk: Sendable {
        let id: String
        let members: [String]
        let isDirect: Bool
        /// By number, as their senders saw them at first.
        var messages: [Int: WireMessage] = [:]
        var marks: [String: Int] = [:]
        /// The number up to which messages were pruned.
        var prunedUpTo = 0
        /// How often messages in it lost their content.
        var erasures = 0
        var openedAt = ""

        var lastN: Int { prunedUpTo + messages.count }

        /// Pruned messages count as read.
        func mark(of user: String) -> Int { max(marks[user, default: 0], prunedUpTo) }

        /// Removes the messages that were sent before a moment, up to the first that was not; those behind it lose their content.
        mutating func prune(before moment: Int64) {
            let old = messages.values.filter { $0.milliseconds < moment }.map(\.n).sorted()
            let last = old.last { $0 - prunedUpTo == (old.firstIndex(of: $0) ?? 0) + 1 } ?? prunedUpTo
            for n in old where n <= last { messages[n] = nil }
            prunedUpTo = last
            empty(old.filter { $0 > last })
        }

        /// Empties messages; counts an erasure where one had content.
        mutating func empty(_ numbers: [Int]) {
            let left = numbers.filter { messages[$0].map { !$0.content.isEmpty } ?? false }
            for n in left { messages[n] = messages[n]?.emptied }
            erasures += left.isEmpty ? 0 : 1
        }

        func unread(by user: String, after mark: Int) -> Int {
            messages.values.count { $0.n > mark && $0.senderId != user }
        }
    }

    /// Something that was done, as its answer said.
    enum Fact: Sendable {
        case sent(WireMessage, members: [String], isDirect: Bool)
        case marked(conversation: String, user: String, upTo: Int)
        case named(user: String, name: String, company: String)
        /// In this conversation, or in all of them.
        case pruned(conversation: String?, before: Int64)
        case erased(conversation: String, n: Int)
        case forgotten(user: String)

        /// The conversation it happened in.
        var conversation: String? {
            switch self {
            case .sent(let message, _, _): message.conversationId
            case .marked(let id, _, _), .erased(let id, _): id
            case .pruned(let id, _): id
            case .named, .forgotten: nil
            }
        }
    }

    private(set) var talks: [String: Talk] = [:]
    private var people: [String: WireConversation.Participant] = [:]

    /// The conversations of a user, in an order that depends on nothing.
    func talks(of user: String) -> [Talk] {
        talks.values.filter { $0.members.contains(user) }.sorted { $0.id < $1.id }
    }

    /// The direct conversation of two users, if they have one.
    func direct(_ one: String, _ other: String) -> Talk? {
        talks.values.first { $0.isDirect && Set($0.members) == [one, other] }
    }

    mutating func apply(_ fact: Fact) throws {
        switch fact {
        case .sent(let message, let members, let isDirect):
            let id = message.conversationId
            if talks[id] == nil {
                if isDirect, let first = members.first, let last = members.last, let other = direct(first, last) {
                    throw Violation(description: "\(members) have two direct conversations: \(other.id) and \(id)")
                }
                talks[id] = Talk(id: id, members: members, isDirect: isDirect)
            }
            let known = talks[id]?.messages[message.n]
            try require(known == nil, "two messages have the id \(message.id)")
            talks[id]?.messages[message.n] = message
            if message.n == 1 { talks[id]?.openedAt = message.timestamp }
        case .marked(let id, let user, let upTo):
            // Two clients of one user may be answered in another order than they were served.
            let before = talks[id]?.mark(of: user) ?? 0
            talks[id]?.marks[user] = max(upTo, before)
        case .named(let user, let name, let company):
            people[user] = WireConversation.Participant(id: user, name: name.isEmpty ? user : name, company: company)
        case .pruned(let id, let moment):
            for known in talks.keys where id == nil || known == id { talks[known]?.prune(before: moment) }
        case .erased(let id, let n):
            talks[id]?.empty([n])
        case .forgotten(let user):
            people[user] = nil
            for (id, talk) in talks {
                talks[id]?.empty(talk.messages.values.filter { $0.senderId == user }.map(\.n))
            }
        }
    }

    /// All messages as a viewer should see them, oldest first.
    func messages(of talk: Talk, for viewer: String) -> [WireMessage] {
        let others = talk.members.filter { $0 != viewer }.map { talk.mark(of: $0) }.min() ?? 0
        let mine = talk.mark(of: viewer)
        return talk.messages.values.sorted { $0.n < $1.n }.map { message in
            let isMine = message.senderId == viewer
            return WireMessage(
                id: message.id, conversationId: message.conversationId, senderId: message.senderId,
                receiverId: message.receiverId, content: message.content, timestamp: message.timestamp,
                read: message.n <= (isMine ? others : mine), sent: isMine, clientMessageId: message.clientMessageId)
        }
    }

    /// The entry of a viewer's list or, with everybody in it, the conversation by itself; its initials are not worked out but taken over.
    func conversation(
        _ talk: Talk, for viewer: String, embedded: Int, within bytes: Int, initials: String, showsAll: Bool = false
    ) -> WireConversation {
        // The viewer and the first nineteen others: all of them, but in the largest.
        let shown = Set(talk.members.filter { $0 != viewer }.prefix(19)).union([viewer])
        let everybody = talk.members.map { people[$0] ?? .init(id: $0, name: $0, company: "") }
        let participants = everybody.filter { shown.contains($0.id) }
        let more = talk.members.count - participants.count
        let others = participants.filter { $0.id != viewer }
        let companies = Set(others.map(\.company))
        let messages = messages(of: talk, for: viewer)
        return WireConversation(
            id: talk.id,
            name: others.map(\.name).joined(separator: ", ") + (more > 0 ? ", and \(more) more" : ""),
            company: companies.count == 1 ? companies.first ?? "" : "", initials: initials,
            lastMessage: messages.last?.content ?? "", lastMessageTime: messages.last?.timestamp ?? talk.openedAt,
            unread: talk.unread(by: viewer, after: talk.mark(of: viewer)),
            participants: showsAll ? everybody : participants,
            participantCount: talk.members.count,
            messages: Self.newest(messages.suffix(embedded), within: bytes))
    }

    /// The last of these whose contents fit so many bytes, at least one where there is one.
    private static func newest(_ messages: ArraySlice<WireMessage>, within bytes: Int) -> [WireMessage] {
        var kept: [WireMessage] = []
        for message in messages.reversed() {
            let size = (kept + [message]).reduce(0) { $0 + $1.content.utf8.count }
            guard kept.isEmpty || size <= bytes else { break }
            kept.insert(message, at: 0)
        }
        return kept
    }
}
