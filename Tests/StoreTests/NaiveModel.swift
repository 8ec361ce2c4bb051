import Messaging

/// What the store should hold, worked out in the most obvious way.
struct NaiveModel {
    struct Talk {
        var users: [UserID]
        var senders: [UserID] = []
        var markers: [UserID: Int64] = [:]
        var changes: [UserID: Int64] = [:]
        var activity: Int64 = 0

        func unread(_ user: UserID) -> Int64 {
            let unread = UnreadMessages(
                by: user, after: markers[user, default: 0], latest: Int64(senders.count), prunedUpTo: 0)
            return Int64(zip(1..., senders).count { unread.contains($0, from: $1) })
        }

        func lowestReadMark(besides user: UserID) -> Int64? {
            users.filter { $0 != user }.map { markers[$0, default: 0] }.min()
        }
    }

    var talks: [ConversationID: Talk] = [:]
    private var counter: Int64 = 0

    mutating func open(_ id: ConversationID, _ users: [UserID]) {
        talks[id] = Talk(users: users)
        change(id, users, isActivity: true)
    }

    mutating func send(_ id: ConversationID, _ sender: UserID) {
        guard let talk = talks[id] else { return }
        talks[id]?.senders.append(sender)
        change(id, talk.users, isActivity: true)
    }

    mutating func read(_ id: ConversationID, _ user: UserID, _ upTo: Int64) {
        guard let before = talks[id], upTo > before.markers[user, default: 0] else { return }
        talks[id]?.markers[user] = upTo
        guard let after = talks[id] else { return }
        let affected = after.users.filter {
            $0 == user || before.lowestReadMark(besides: $0) != after.lowestReadMark(besides: $0)
        }
        change(id, affected, isActivity: false)
    }

    mutating func rename(_ user: UserID, order: [ConversationID]) {
        for id in order { talks[id].map { change(id, $0.users, isActivity: false) } }
    }

    /// The conversations of a user, latest activity first.
    func list(_ user: UserID) -> [ConversationID] {
        talks.filter { $0.value.users.contains(user) }.sorted { $0.value.activity > $1.value.activity }.map(\.key)
    }

    func changed(_ user: UserID, after change: Int64) -> Set<ConversationID> {
        Set(talks.filter { $0.value.changes[user, default: 0] > change }.keys)
    }

    func latestChange(_ user: UserID) -> Int64 {
        talks.values.compactMap { $0.changes[user] }.max() ?? 0
    }

    private mutating func change(_ id: ConversationID, _ users: [UserID], isActivity: Bool) {
        counter += 1
        for user in users { talks[id]?.changes[user] = counter }
        if isActivity { talks[id]?.activity = counter }
    }
}
