import TestSupport

/// What the tables must say after each batch, kept in the plainest way: every list and marker is looked at as a whole.
struct ListModel {
    struct Conversation {
        let id: String
        let users: [String]
        let isDirect: Bool
        var senders: [String] = []
        var read: [String: Int64]
        var keys: [String: (n: Int64, content: String)] = [:]
        /// The latest change that only this user sees.
        var ownChange: [String: Int64]
        var change: Int64
        var activity: Int64

        var lastN: Int64 { Int64(senders.count) }

        init(id: String, users: [String], isDirect: Bool, change: Int64) {
            (self.id, self.users, self.isDirect, self.change, activity) = (id, users, isDirect, change, change)
            read = Dictionary(uniqueKeysWithValues: users.map { ($0, 0) })
            ownChange = read
        }

        /// The least marker of everybody else.
        func othersReadUpTo(_ user: String) -> Int64 { users.filter { $0 != user }.compactMap { read[$0] }.min() ?? 0 }

        func latestChange(of user: String) -> Int64 { max(change, ownChange[user] ?? 0) }

        func unread(by user: String, after marker: Int64) -> Int64 {
            Int64(senders.dropFirst(Int(marker)).count { $0 != user })
        }
    }

    var conversations: [Int64: Conversation] = [:]
    /// Names by user; nil where none is known.
    var names: [String: String?] = [:]

    func keys(of user: String) -> [Int64] {
        conversations.filter { $0.value.users.contains(user) }.map(\.key).sorted()
    }

    /// Stores a message; returns its number and state.
    mutating func send(_ draft: PreparedDatabase.Draft, change: Int64) -> (n: Int64, state: Int32) {
        guard var conversation = conversations[draft.key] else { return (0, 0) }
        let name = draft.clientID.map { "\(draft.sender) \($0)" }
        if let name, let first = conversation.keys[name] {
            return (first.n, first.content == draft.content ? 1 : 2)
        }
        conversation.senders.append(draft.sender)
        (conversation.change, conversation.activity) = (change, change)
        if let name { conversation.keys[name] = (conversation.lastN, draft.content) }
        conversations[draft.key] = conversation
        return (conversation.lastN, 0)
    }

    /// Moves the markers of one batch; marker j has the change number `before + j`. Returns where they are then.
    mutating func move(_ markers: [PreparedDatabase.Marker], before: Int64) -> [Int64] {
        let old = conversations
        let targets = markers.map { marker -> Int64 in
            guard let conversation = old[marker.key], let present = conversation.read[marker.user] else { return 0 }
            return max(present, min(marker.upTo ?? conversation.lastN, conversation.lastN))
        }
        var last: [Int64: Int64] = [:]
        for (place, (marker, target)) in zip(markers, targets).enumerated() {
            guard let present = old[marker.key]?.read[marker.user], target > present else { continue }
            last[marker.key] = before + Int64(place) + 1
            let furthest = max(target, conversations[marker.key]?.read[marker.user] ?? 0)
            conversations[marker.key]?.read[marker.user] = furthest
        }
        for (key, change) in last {
            guard let was = old[key], let new = conversations[key] else { continue }
            for user in new.users
            where new.read[user] != was.read[user] || new.othersReadUpTo(user) != was.othersReadUpTo(user) {
                conversations[key]?.ownChange[user] = change
            }
        }
        return targets
    }
}
