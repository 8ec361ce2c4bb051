import GRDB
import Messaging

/// The messages of one conversation as rows.
struct StoredMessages {
    let db: Database
    let key: Int64

    private static let columns = "n, sender_id, content, sent_at_ms, client_message_id"

    /// The newest messages, oldest first.
    func newest(_ count: Int) throws -> [Message] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM messages
                WHERE conversation_key = ?
                ORDER BY n DESC LIMIT ?
                """)
        return try fetch(statement, [key, count]).reversed()
    }

    /// The first messages of a slice, oldest first.
    func first(_ limit: Int, of slice: MessageSlice) throws -> [Message] {
        let (low, high) = (slice.numbers.lowerBound, slice.numbers.upperBound)
        switch slice.authorship {
        case .anybody:
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Self.columns) FROM messages
                    WHERE conversation_key = ? AND n BETWEEN ? AND ?
                    ORDER BY n LIMIT ?
                    """)
            return try fetch(statement, [key, low, high, limit])
        case .only(let user):
            // Left to itself, SQLite reads everybody's messages in the range and drops those of others.
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Self.columns) FROM messages INDEXED BY messages_sender
                    WHERE conversation_key = ? AND sender_id = ? AND n BETWEEN ? AND ?
                    ORDER BY n LIMIT ?
                    """)
            return try fetch(statement, [key, user.text, low, high, limit])
        case .except(let user):
            // The unary plus keeps SQLite to the primary key, which is in order already.
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Self.columns) FROM messages
                    WHERE conversation_key = ? AND +sender_id <> ? AND n BETWEEN ? AND ?
                    ORDER BY n LIMIT ?
                    """)
            return try fetch(statement, [key, user.text, low, high, limit])
        }
    }

    /// The message that this sender gave this key to.
    func find(clientMessageID: String, of sender: UserID) throws -> Message? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM messages
                WHERE conversation_key = ? AND sender_id = ? AND client_message_id = ?
                """)
        return try fetch(statement, [key, sender.text, clientMessageID]).first
    }

    /// How many messages a sender has written in the conversation.
    func count(of sender: UserID) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: """
                SELECT sender_n FROM messages
                WHERE conversation_key = ? AND sender_id = ?
                ORDER BY n DESC LIMIT 1
                """)
        return try Int64.fetchOne(statement, arguments: [key, sender.text]) ?? 0
    }

    /// How many messages by others come after a marker, in the same time however many there are.
    ///
    /// Every message knows the how-many-th of its sender it is, so the viewer's own after the marker are a difference.
    func unread(by viewer: UserID, after marker: Int64, lastN: Int64) throws -> Int64 {
        guard marker < lastN else { return 0 }
        let statement = try db.cachedStatement(
            sql: """
                SELECT (SELECT sender_n FROM messages WHERE conversation_key = ?1 AND sender_id = ?2
                        ORDER BY n DESC LIMIT 1)
                    - (SELECT sender_n FROM messages WHERE conversation_key = ?1 AND sender_id = ?2 AND n > ?3
                        ORDER BY n LIMIT 1) + 1
                """)
        // NULL where the viewer has written nothing after the marker.
        let own = try Int64.fetchOne(statement, arguments: [key, viewer.text, marker]) ?? 0
        return lastN - marker - own
    }

    func insert(_ message: Message, senderN: Int64) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO messages
                    (conversation_key, n, sender_id, content, sent_at_ms, client_message_id, sender_n)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            key, message.n, message.sender.text, message.content, message.sentAt.milliseconds,
            message.clientMessageID, senderN,
        ])
    }

    /// Visits all messages, oldest first.
    func forEach(_ visit: (Message) throws -> Void) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT \(Self.columns) FROM messages WHERE conversation_key = ? ORDER BY n")
        let cursor = try Row.fetchCursor(statement, arguments: [key])
        while let row = try cursor.next() { try visit(Self.message(row)) }
    }

    /// Visits the messages that carry no key of their sender, oldest first.
    func forEachWithoutKey(_ visit: (Message) -> Void) throws {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM messages
                WHERE conversation_key = ? AND client_message_id IS NULL
                ORDER BY n
                """)
        let cursor = try Row.fetchCursor(statement, arguments: [key])
        while let row = try cursor.next() { visit(Self.message(row)) }
    }

    private func fetch(_ statement: Statement, _ arguments: StatementArguments) throws -> [Message] {
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        var messages: [Message] = []
        while let row = try cursor.next() {
            messages.append(Self.message(row))
        }
        return messages
    }

    private static func message(_ row: Row) -> Message {
        Message(
            n: row[0], sender: UserID(trusted: row[1]), content: row[2], sentAt: Timestamp(milliseconds: row[3]),
            clientMessageID: row[4])
    }
}
