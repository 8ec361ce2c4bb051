import GRDB
import Messaging

/// The participants of conversations and their read markers.
struct StoredParticipants {
    let db: Database

    /// All participants of a conversation, ordered by user id.
    func all(in key: Int64) throws -> [Conversation.Participant] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT user_id, read_up_to FROM participants
                WHERE conversation_key = ?
                ORDER BY user_id
                """)
        let rows = try Rows(of: statement, key)
        var participants: [Conversation.Participant] = []
        while try rows.next() {
            let user = UserID(trusted: try statement.requiredText(0))
            participants.append(Conversation.Participant(user: user, readUpTo: statement.number(1)))
        }
        return participants
    }

    /// The participants that an entry of a list shows, with their names and companies, both ordered by user id.
    struct Members {
        var participants: [Conversation.Participant] = []
        var people: [Person] = []

        /// Adds a participant at the end, unless they come in another order than the database keeps them in.
        fileprivate mutating func add(_ participant: Conversation.Participant, _ person: Person) {
            var place = people.count
            while place > 0, person.id < people[place - 1].id { place -= 1 }
            if place == people.count {
                participants.append(participant)
                people.append(person)
            } else {
                participants.insert(participant, at: place)
                people.insert(person, at: place)
            }
        }
    }

    private static let people =
        "p.conversation_key, p.user_id, p.read_up_to, u.name, u.company, u.renamed_up_to"
    private static let users = "LEFT JOIN users u ON u.tenant_id = p.tenant_id AND u.id = p.user_id"

    /// All participants of each of these conversations of a tenant.
    func allWithPeople(in keys: [Int64], of tenant: TenantID) throws -> [Int64: Members] {
        // Without ORDER BY, which would sort all of them anew: they come as the database keeps them.
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.people)
                FROM json_each(?) k CROSS JOIN participants p ON p.conversation_key = k.value \(Self.users)
                """)
        let list = "[\(keys.map { String($0) }.joined(separator: ","))]"
        let rows = try Rows(of: statement, list)
        var found: [Int64: Members] = [:]
        found.reserveCapacity(keys.count)
        // Those of one conversation come one after the other.
        var latest: Int64?
        var members = Members()
        while try rows.next() {
            let key = statement.number(0)
            if key != latest {
                if let latest { found[latest] = members }
                (latest, members) = (key, Members())
            }
            try add(statement, to: &members, in: key, tenant)
        }
        if let latest { found[latest] = members }
        return found
    }

    /// The participants of a large conversation that an entry of the user's list shows: the user, and the first of the others.
    func shownWithPeople(in key: Int64, to caller: Caller) throws -> Members {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.people)
                FROM (SELECT * FROM (SELECT * FROM participants WHERE conversation_key = ?1 AND user_id <> ?2
                        ORDER BY user_id LIMIT ?3)
                    UNION ALL SELECT * FROM participants WHERE conversation_key = ?1 AND user_id = ?2) p \(Self.users)
                """)
        let rows = try Rows(of: statement, key, caller.user.text, ConversationSummary.mostPeople - 1)
        var members = Members()
        while try rows.next() { try add(statement, to: &members, in: key, caller.tenant) }
        return members
    }

    private func add(_ row: Statement, to members: inout Members, in key: Int64, _ tenant: TenantID) throws {
        let user = UserID(trusted: try row.requiredText(1))
        var person = Person(id: user, name: row.text(3), company: row.text(4))
        if let renamedUpTo = row.optionalNumber(5), key > renamedUpTo {
            person = try StoredPeople(db: db).former(user, tenant: tenant)
        }
        members.add(Conversation.Participant(user: user, readUpTo: row.number(2)), person)
    }

    /// The two lowest read markers of a large conversation; nil where the row is damaged.
    func lowestReadMarks(in key: Int64) throws -> (lowest: Int64, second: Int64)? {
        let statement = try db.cachedStatement(
            sql: "SELECT least_read_up_to, second_read_up_to FROM conversations WHERE key = ?")
        let rows = try Rows(of: statement, key)
        guard try rows.next(), let lowest = statement.optionalNumber(0), let second = statement.optionalNumber(1)
        else { return nil }
        return (lowest, second)
    }

    /// Records a moved read marker, a change of the reader's own.
    func setReadUpTo(_ n: Int64, of user: UserID, in key: Int64, change: Int64) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE participants SET read_up_to = ?, change = ?
                WHERE conversation_key = ? AND user_id = ?
                """)
        try statement.execute(arguments: [n, change, key, user.text])
    }

    /// Records a change that only this participant sees.
    func setChange(_ change: Int64, of user: UserID, in key: Int64) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE participants SET change = ?
                WHERE conversation_key = ? AND user_id = ?
                """)
        try statement.execute(arguments: [change, key, user.text])
    }
}
