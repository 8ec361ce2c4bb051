import GRDB

extension Database {
    /// Changes with the viewer's list.
    func change(of viewer: String) throws -> String {
        let statement = try cachedStatement(
            sql: """
                SELECT max(change) || '.' || count(*) FROM participants JOIN conversations ON key = conversation_key
                WHERE user_id = ?
                """)
        return try String.fetchOne(statement, arguments: [viewer]) ?? ""
    }

    /// The first entries of the viewer's list, with so many messages of each.
    func conversations(of viewer: String, limit: Int, embedded: Int) throws -> [Conversation] {
        let statement = try cachedStatement(
            sql: """
                SELECT key, id, last_n, read_up_to,
                    (SELECT count(*) FROM messages WHERE conversation_key = key AND n > read_up_to AND sender_id <> user_id) AS unread
                FROM participants JOIN conversations ON key = conversation_key
                WHERE user_id = ? ORDER BY activity DESC LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [viewer, limit]).map { row in
            let participants = try participants(of: row["key"])
            let conversation = StoredConversation(
                key: row["key"], id: row["id"], lastN: row["last_n"], readByViewer: row["read_up_to"],
                others: participants.filter { $0.person.id != viewer })
            let messages = try newest(max(embedded, 1), of: conversation, for: viewer)
            let names = conversation.others.map { $0.person.name ?? $0.person.id }
            return Conversation(
                id: conversation.id, name: names.joined(separator: ", "),
                company: conversation.others.first?.person.company,
                initials: initials(of: names.first ?? ""), lastMessage: messages.last?.content,
                lastMessageTime: messages.last?.timestamp, unread: row["unread"],
                participants: participants.map(\.person),
                participantCount: participants.count, messages: embedded > 0 ? messages : [])
        }
    }

    /// All of them, in the order of their ids.
    func participants(of key: Int64) throws -> [Participant] {
        let statement = try cachedStatement(
            sql: """
                SELECT user_id, name, company, read_up_to FROM participants LEFT JOIN users ON id = user_id
                WHERE conversation_key = ? ORDER BY user_id
                """)
        return try Row.fetchAll(statement, arguments: [key]).map { row in
            let person = Person(id: row["user_id"], name: row["name"], company: row["company"])
            return Participant(person: person, readUpTo: row["read_up_to"])
        }
    }

    private func initials(of name: String) -> String {
        let words = name.split(separator: " ")
        return [words.first, words.count > 1 ? words.last : nil].compactMap { $0?.first.map(String.init) }.joined()
    }
}

/// A participant, and how far they have read.
struct Participant {
    let person: Person
    let readUpTo: Int
}
