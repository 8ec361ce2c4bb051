import GRDB
import Messaging

/// Removes messages of one conversation, or their contents, as rows. Each method looks at a bounded number of messages.
struct StoredRemoval {
    let db: Database
    let key: Int64

    /// The messages that one call came to.
    struct Reach {
        /// How many messages, or contents, it removed.
        var count = 0
        /// How many messages it looked at.
        var seen = 0
        /// The number of the last message it looked at.
        var last: Int64
        /// Whether there may be more behind that.
        var isCut: Bool
    }

    /// Empties the messages of one sender after a number.
    func empty(from sender: UserID, after n: Int64, limit: Int) throws -> Reach {
        let selection = try db.cachedStatement(
            sql: """
                SELECT count(*), max(n) FROM (SELECT n FROM messages INDEXED BY messages_sender
                    WHERE conversation_key = ? AND sender_id = ? AND n > ? ORDER BY n LIMIT ?)
                """)
        let cursor = try Row.fetchCursor(selection, arguments: [key, sender.text, n, limit])
        guard let row = try cursor.next(), let last = row[1] as Int64? else { return Reach(last: n, isCut: false) }
        let found: Int = row[0]
        let emptied = try change(
            """
            UPDATE messages INDEXED BY messages_sender SET content = ''
            WHERE conversation_key = ? AND sender_id = ? AND n > ? AND n <= ? AND content <> ''
            """, [key, sender.text, n, last])
        return Reach(count: emptied, seen: found, last: last, isCut: found == limit)
    }

    /// Empties one message; returns whether it had content.
    func empty(_ n: Int64) throws -> Bool {
        try change("UPDATE messages SET content = '' WHERE conversation_key = ? AND n = ? AND content <> ''", [key, n])
            > 0
    }

    /// Empties the messages after a number that were sent before a moment.
    func empty(before moment: Timestamp, after n: Int64, through lastN: Int64, limit: Int) throws -> Reach {
        let last = min(lastN, n + Int64(limit))
        let emptied = try change(
            """
            UPDATE messages SET content = ''
            WHERE conversation_key = ? AND n > ? AND n <= ? AND sent_at_ms < ? AND content <> ''
            """, [key, n, last, moment.milliseconds])
        return Reach(count: emptied, last: last, isCut: last < lastN)
    }

    /// Removes the first messages after a number, up to the first one that was not sent before a moment.
    func remove(before moment: Timestamp, after pruned: Int64, limit: Int) throws -> Reach {
        let selection = try db.cachedStatement(
            sql: "SELECT n, sent_at_ms FROM messages WHERE conversation_key = ? AND n > ? ORDER BY n LIMIT ?")
        let cursor = try Row.fetchCursor(selection, arguments: [key, pruned, limit])
        var reach = Reach(last: pruned, isCut: true)
        while reach.count < limit {
            guard try cursor.next() != nil, selection.number(1) < moment.milliseconds else {
                reach.isCut = false
                break
            }
            (reach.count, reach.last) = (reach.count + 1, selection.number(0))
        }
        guard reach.count > 0 else { return reach }
        _ = try change("DELETE FROM messages WHERE conversation_key = ? AND n <= ?", [key, reach.last])
        _ = try change("UPDATE conversations SET pruned_up_to = ?2 WHERE key = ?1", [key, reach.last])
        // Pruned messages count as read.
        _ = try change(
            "UPDATE participants SET read_up_to = ?2 WHERE conversation_key = ?1 AND read_up_to < ?2",
            [key, reach.last])
        try StoredConversations(db: db).updateLowestReadMarks(in: key)
        return reach
    }

    /// Stores the latest moment before which messages were pruned.
    ///
    /// Where one is missing because an earlier version pruned, only a prune that removed messages which that one had left is later for
    /// certain.
    func keep(_ moment: Timestamp, isAfterOthers: Bool) throws {
        _ = try change(
            """
            UPDATE conversations SET pruned_before_ms = max(ifnull(pruned_before_ms, ?2), ?2)
            WHERE key = ?1 AND (?3 OR pruned_up_to = 0 OR pruned_before_ms IS NOT NULL)
            """, [key, moment.milliseconds, isAfterOthers])
    }

    /// Stores that messages which clients may have lost their content.
    func countRevision() throws {
        _ = try change("UPDATE conversations SET revision = revision + 1 WHERE key = ?", [key])
    }

    private func change(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        return db.changesCount
    }
}
