import GRDB
import Messaging

/// The messages of one conversation as rows.
struct StoredMessages {
    let db: Database
    let key: Int64

    private static let columns = "n, sender_id, content, sent_at_ms, client_message_id"
    private static let inOrder = selection("n BETWEEN ? AND ?", "n")
    private static let backwards = selection("n BETWEEN ? AND ?", "n DESC")
    // Without `INDEXED BY`, SQLite reads all messages in the range and drops those of other senders.
    private static let ofSender = selection(
        "sender_id = ? AND n BETWEEN ? AND ?", "n", index: "INDEXED BY messages_sender")

    private static func selection(_ condition: String, _ order: String, index: String = "") -> String {
        """
        SELECT \(columns) FROM messages \(index)
        WHERE conversation_key = ? AND \(condition)
        ORDER BY \(order) LIMIT ?
        """
    }

    /// The newest messages up to the last one, oldest first, as many as the bounds need.
    func newest(_ bounds: PageBounds, upTo lastN: Int64) throws -> PackedMessages {
        let first = lastN - Int64(clamping: bounds.count) + 1
        return try newest(bounds, in: min(first, lastN)...lastN)
    }

    /// The newest messages with these numbers, oldest first, as many as the bounds need.
    private func newest(_ bounds: PageBounds, in numbers: ClosedRange<Int64>) throws -> PackedMessages {
        let forward = try messages(Self.inOrder, numbers, bounds)
        // Nearly always all of them fit. Read from the newest on, they would have to be packed twice.
        guard bounds.areExceeded(by: forward.count, forward.contentSize) else { return forward }
        return try messages(Self.backwards, numbers, bounds).reversedMessages
    }

    /// The messages with these numbers in the order of a selection, as many as the bounds need.
    private func messages(
        _ selection: String, _ numbers: ClosedRange<Int64>, _ bounds: PageBounds
    ) throws -> PackedMessages {
        let statement = try db.cachedStatement(sql: selection)
        let rows = try Rows(of: statement, key, numbers.lowerBound, numbers.upperBound, bounds.countToRead)
        return try Self.messages(rows, of: statement, bounds)
    }

    /// The messages of a slice, oldest first, as many as the bounds need.
    func messages(of slice: MessageSlice, _ bounds: PageBounds) throws -> PackedMessages {
        switch slice.authorship {
        case .anybody:
            if bounds.kept == .newest { return try newest(bounds, in: slice.numbers) }
            return try messages(Self.inOrder, slice.numbers, bounds)
        case .only(let user):
            let statement = try db.cachedStatement(sql: Self.ofSender)
            let rows = try Rows(
                of: statement, key, user.text, slice.numbers.lowerBound, slice.numbers.upperBound, bounds.countToRead)
            return try Self.messages(rows, of: statement, bounds)
        case .except(let user): return try messages(notOf: user, in: slice.numbers, bounds)
        }
    }

    /// How many messages of one sender are looked at one after the other before the rest of such a run is skipped.
    private static let longestRun = 16

    /// The messages of others with these numbers, oldest first, as many as the bounds need.
    ///
    /// The user may have written hundreds of thousands of messages without an answer, and a poll can ask for the others' messages
    /// among them repeatedly. So runs of the user's own messages are skipped.
    private func messages(
        notOf user: UserID, in numbers: ClosedRange<Int64>, _ bounds: PageBounds
    ) throws -> PackedMessages {
        let statement = try db.cachedStatement(sql: Self.inOrder)
        var messages = PackedMessages(expecting: bounds.countToRead)
        var (size, first) = (0, numbers.lowerBound)
        while first <= numbers.upperBound, !bounds.areExceeded(by: messages.count, size) {
            let rows = try Rows(of: statement, key, first, numbers.upperBound, -1)
            var (run, last) = (0, numbers.upperBound)
            while run < Self.longestRun, !bounds.areExceeded(by: messages.count, size), try rows.next() {
                guard user.text.hasSameBytes(as: try statement.requiredBytes(1)) else {
                    size += try Self.append(statement, to: &messages)
                    run = 0
                    continue
                }
                run += 1
                last = statement.number(0)
            }
            guard run == Self.longestRun else { break }
            first = try endOfRun(of: user, from: last, through: numbers.upperBound) + 1
        }
        return messages
    }

    /// The last number of the run of one sender's messages that contains this one. It takes logarithmic time: within a run, the
    /// numbers and the counts of the sender grow alike.
    private func endOfRun(of sender: UserID, from first: Int64, through last: Int64) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: """
                SELECT sender_n FROM messages INDEXED BY messages_sender
                WHERE conversation_key = ? AND sender_id = ? AND n = ?
                """)
        func count(at n: Int64) throws -> Int64? {
            try Int64.fetchOne(statement, arguments: [key, sender.text, n])
        }
        guard let start = try count(at: first) else { return first }
        func isInRun(_ n: Int64) throws -> Bool { n <= last ? try count(at: n) == start + n - first : false }
        var (end, step) = (first, Int64(1))
        while try isInRun(end + step) {
            end += step
            step *= 2
        }
        while step > 1 {
            step /= 2
            if try isInRun(end + step) { end += step }
        }
        return end
    }

    /// The message with this key of this sender.
    func find(clientMessageID: String, of sender: UserID) throws -> Message? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM messages
                WHERE conversation_key = ? AND sender_id = ? AND client_message_id = ?
                """)
        let rows = try Rows(of: statement, key, sender.text, clientMessageID)
        return try Self.messages(rows, of: statement, PageBounds(count: 1, bytes: .max)).first
    }

    /// The first message that is there; nil where there is none.
    func oldest() throws -> Message? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(Self.columns) FROM messages WHERE conversation_key = ? ORDER BY n LIMIT 1")
        let cursor = try Row.fetchCursor(statement, arguments: [key])
        return try cursor.next().map(Self.message)
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

    /// How many messages are unread, in constant time.
    ///
    /// Every message stores its index among its sender's messages, so the viewer's own messages after the marker are a difference.
    func count(of unread: UnreadMessages) throws -> Int64 {
        guard let numbers = unread.numbers else { return 0 }
        let statement = try db.cachedStatement(
            sql: "SELECT \(Self.unread(by: "?1", in: "?2", after: "?3", lastN: "?4"))")
        return try Int64.fetchOne(
            statement, arguments: [unread.viewer.text, key, numbers.lowerBound - 1, numbers.upperBound]) ?? 0
    }

    /// The count of unread messages as an SQL expression of other expressions: the rule of ``UnreadMessages``, where no marker is below the
    /// pruned messages.
    static func unread(by viewer: String, in key: String, after marker: String, lastN: String) -> String {
        let own = "SELECT sender_n FROM messages WHERE conversation_key = \(key) AND sender_id = \(viewer)"
        // NULL where the viewer has written nothing after the marker.
        return """
            CASE WHEN \(marker) >= \(lastN) THEN 0 ELSE \(lastN) - \(marker) - ifnull(
                (\(own) ORDER BY n DESC LIMIT 1) - (\(own) AND n > \(marker) ORDER BY n LIMIT 1) + 1, 0) END
            """
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

    /// Reads until there are no more rows or the bounds are exceeded.
    private static func messages(
        _ rows: consuming Rows, of statement: Statement, _ bounds: PageBounds
    ) throws -> PackedMessages {
        var messages = PackedMessages(expecting: bounds.countToRead)
        var size = 0
        while !bounds.areExceeded(by: messages.count, size), try rows.next() {
            size += try append(statement, to: &messages)
        }
        return messages
    }

    /// Appends the message of the present row, and returns how many bytes its content has.
    @inline(__always)
    private static func append(_ statement: Statement, to messages: inout PackedMessages) throws -> Int {
        // SQLite's own memory is good until the next row.
        let content = try statement.requiredBytes(2)
        messages.append(
            PackedMessage(
                n: statement.number(0), sentAt: Timestamp(milliseconds: statement.number(3)),
                sender: try statement.requiredBytes(1), content: content, clientMessageID: statement.bytes(4)))
        return content.count
    }

    private static func message(_ row: Row) -> Message {
        Message(
            n: row[0], sender: UserID(trusted: row[1]), content: row[2], sentAt: Timestamp(milliseconds: row[3]),
            clientMessageID: row[4])
    }
}
