import Foundation
import GRDB
import Hummingbird

/// A conversation as its viewer finds it.
struct StoredConversation {
    let key: Int64
    let id: String
    let lastN: Int
    let readByViewer: Int
    let others: [Participant]

    /// The number up to which all others have read.
    var readByOthers: Int { others.map(\.readUpTo).min() ?? 0 }

    var cursor: Cursor { Cursor(n: lastN, readByOthers: readByOthers, readByViewer: readByViewer) }
}

extension Database {
    /// A conversation of the viewer's. Others are not found.
    func conversation(_ id: String, of viewer: String) throws -> StoredConversation {
        let statement = try cachedStatement(sql: "SELECT key, last_n FROM conversations WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id]) else { throw HTTPError(.notFound) }
        let participants = try participants(of: row["key"])
        guard let own = participants.first(where: { $0.person.id == viewer }) else { throw HTTPError(.notFound) }
        return StoredConversation(
            key: row["key"], id: id, lastN: row["last_n"], readByViewer: own.readUpTo,
            others: participants.filter { $0.person.id != viewer })
    }

    /// The newest messages, oldest first.
    func newest(_ count: Int, of conversation: StoredConversation, for viewer: String) throws -> [Message] {
        let statement = try cachedStatement(
            sql: """
                SELECT n, sender_id, content, sent_at_ms FROM messages WHERE conversation_key = ? AND n > ? AND n <= ?
                ORDER BY n
                """)
        let arguments: StatementArguments = [conversation.key, conversation.lastN - count, conversation.lastN]
        return try Row.fetchAll(statement, arguments: arguments).map { message($0, of: conversation, for: viewer) }
    }

    /// The messages that were read since the cursor and the first that are new, oldest first, and the cursor that follows.
    func changes(
        since cursor: Cursor, atMost limit: Int, of conversation: StoredConversation, for viewer: String
    ) throws -> ([Message], Cursor) {
        let now = conversation.cursor
        guard cursor.n <= now.n, cursor.readByOthers <= now.readByOthers, cursor.readByViewer <= now.readByViewer else {
            throw HTTPError(.gone)
        }
        let n = min(now.n, cursor.n + limit)
        var first = cursor.n
        if now.readByOthers > cursor.readByOthers { first = min(first, cursor.readByOthers) }
        if now.readByViewer > cursor.readByViewer { first = min(first, cursor.readByViewer) }
        let statement = try cachedStatement(
            sql: """
                SELECT n, sender_id, content, sent_at_ms FROM messages
                WHERE conversation_key = :key AND n > :first AND n <= :last AND (n > :known
                    OR sender_id = :viewer AND n > :others AND n <= :othersNow
                    OR sender_id <> :viewer AND n > :own AND n <= :ownNow)
                ORDER BY n
                """)
        let arguments: StatementArguments = [
            "key": conversation.key, "first": first, "last": n, "known": cursor.n, "viewer": viewer,
            "others": cursor.readByOthers, "othersNow": now.readByOthers,
            "own": cursor.readByViewer, "ownNow": now.readByViewer,
        ]
        let messages = try Row.fetchAll(statement, arguments: arguments).map {
            message($0, of: conversation, for: viewer)
        }
        return (messages, Cursor(n: n, readByOthers: now.readByOthers, readByViewer: now.readByViewer))
    }

    /// Stores a message of one of the participants.
    func send(_ content: String, to id: String, by sender: String) throws -> Message {
        let conversation = try conversation(id, of: sender)
        let n = conversation.lastN + 1
        let sentAt = Int64(Date().timeIntervalSince1970 * 1000)
        try cachedStatement(
            sql: "INSERT INTO messages (conversation_key, n, sender_id, content, sent_at_ms) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [conversation.key, n, sender, content, sentAt])
        try cachedStatement(sql: "UPDATE store SET value = value + 1 WHERE key = 'change'").execute()
        try cachedStatement(
            sql: """
                UPDATE conversations
                SET last_n = :n, (activity, change) = (SELECT value, value FROM store WHERE store.key = 'change')
                WHERE key = :key
                """
        ).execute(arguments: ["n": n, "key": conversation.key])
        let stored: Row = ["n": n, "sender_id": sender, "content": content, "sent_at_ms": sentAt]
        return message(stored, of: conversation, for: sender)
    }

    private func message(_ row: Row, of conversation: StoredConversation, for viewer: String) -> Message {
        let n: Int = row["n"]
        let sender: String = row["sender_id"]
        let isOwn = sender == viewer
        let receivers = isOwn ? conversation.others.map(\.person.id) : [viewer]
        return Message(
            id: "\(conversation.id):\(n)", conversationId: conversation.id, senderId: sender,
            receiverId: conversation.others.count == 1 ? receivers.first : nil, content: row["content"],
            timestamp: Self.timestamp(milliseconds: row["sent_at_ms"]),
            read: n <= (isOwn ? conversation.readByOthers : conversation.readByViewer), sent: isOwn)
    }

    /// In whole seconds and the rest: a fraction in binary would be off by a millisecond at times.
    private static func timestamp(milliseconds: Int64) -> String {
        let seconds = Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601).dropLast()
        return "\(seconds).\(String(1000 + milliseconds % 1000).dropFirst())Z"
    }
}
