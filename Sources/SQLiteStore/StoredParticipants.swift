import GRDB
import Messaging

/// Who takes part in which conversation, and how far they have read.
struct StoredParticipants {
    let db: Database

    /// Everybody in a conversation, ordered by user id.
    func all(in key: Int64) throws -> [Conversation.Participant] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT user_id, read_up_to FROM participants
                WHERE conversation_key = ?
                ORDER BY user_id
                """)
        let cursor = try Row.fetchCursor(statement, arguments: [key])
        var participants: [Conversation.Participant] = []
        while let row = try cursor.next() {
            participants.append(Conversation.Participant(user: UserID(trusted: row[0]), readUpTo: row[1]))
        }
        return participants
    }

    /// Everybody in each of these conversations with what is known of them, ordered by user id.
    func allWithPeople(in keys: [Int64]) throws -> [Int64: (participants: [Conversation.Participant], people: [Person])]
    {
        let statement = try db.cachedStatement(
            sql: """
                SELECT p.conversation_key, p.user_id, p.read_up_to, u.name, u.company
                FROM json_each(?) k CROSS JOIN participants p ON p.conversation_key = k.value
                    LEFT JOIN users u ON u.tenant_id = p.tenant_id AND u.id = p.user_id
                ORDER BY p.conversation_key, p.user_id
                """)
        let list = "[\(keys.map { String($0) }.joined(separator: ","))]"
        let cursor = try Row.fetchCursor(statement, arguments: [list])
        var found: [Int64: (participants: [Conversation.Participant], people: [Person])] = [:]
        found.reserveCapacity(keys.count)
        while let row = try cursor.next() {
            let user = UserID(trusted: row[1])
            found[row[0], default: ([], [])].participants.append(Conversation.Participant(user: user, readUpTo: row[2]))
            found[row[0], default: ([], [])].people.append(Person(id: user, name: row[3], company: row[4]))
        }
        return found
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
