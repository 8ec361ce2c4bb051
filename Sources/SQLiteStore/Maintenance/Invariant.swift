import Messaging

/// Something that holds in every database of ours, besides what SQLite itself sees to.
struct Invariant {
    let name: String
    /// The description of a violation.
    let complaint: String
    /// Gives a row for each place where it does not hold, with one column that says where; never with content.
    let sql: String

    /// All of them. Those about the file, its tables and its references are SQLite's to check.
    ///
    /// - Parameters:
    ///   - pruned: the column with the number up to which messages were pruned, or what stands for it.
    ///   - version: the version of the schema.
    static func all(pruned: String, version: UInt32) -> [Invariant] {
        store + ids + conversations(pruned: pruned) + messages(pruned: pruned) + changes
            + (version < 3 ? [] : [cursorKey] + lists)
    }

    static let conversation =
        "'conversation ' || c.id || iif(c.tenant_id = '', '', ' of tenant ' || c.tenant_id)"

    private static let store = [
        Invariant(
            name: "epoch", complaint: "the store has no usable epoch",
            sql: """
                SELECT 'the table store' WHERE NOT EXISTS (
                    SELECT 1 FROM store WHERE key = 'epoch' AND typeof(value) = 'text'
                        AND length(value) BETWEEN 1 AND 16 AND value NOT GLOB '*[^a-z0-9]*')
                """),
        Invariant(
            name: "change-counter",
            complaint: "a change number is greater than the last one handed out, or that is missing",
            sql: """
                SELECT 'the table store' WHERE NOT EXISTS (
                    SELECT 1 FROM store WHERE key = 'change' AND typeof(value) = 'integer' AND value >= (
                        SELECT max(coalesce((SELECT max(change) FROM conversations), 0),
                            coalesce((SELECT max(change) FROM participants), 0))))
                """),
    ]

    private static let cursorKey = Invariant(
        name: "cursor-key", complaint: "the store has no usable cursor key",
        sql: """
            SELECT 'the table store' WHERE NOT EXISTS (
                SELECT 1 FROM store WHERE key = 'cursor_key' AND typeof(value) = 'blob'
                    AND length(value) = \(CursorKey.length))
            """)

    private static let ids = [
        Invariant(
            name: "ids", complaint: "an id is empty, longer than 255 bytes, or has U+0000",
            sql: """
                SELECT kind FROM (
                    SELECT 'a user' AS kind, id FROM users UNION ALL SELECT 'a participant', user_id FROM participants
                    UNION ALL SELECT 'a conversation', id FROM conversations)
                WHERE length(CAST(id AS BLOB)) NOT BETWEEN 1 AND 255 OR instr(CAST(id AS BLOB), x'00')
                """)
    ]

    private static func conversations(pruned: String) -> [Invariant] {
        [
            Invariant(
                name: "conversation-ids", complaint: "two conversations of a tenant have the same id",
                sql: "SELECT \(conversation) FROM conversations c GROUP BY tenant_id, id HAVING count(*) > 1"),
            Invariant(
                name: "direct-pairs", complaint: "a pair has more than one direct conversation",
                sql: """
                    SELECT \(conversation) FROM conversations c WHERE direct_low IS NOT NULL
                    GROUP BY tenant_id, direct_low, direct_high HAVING count(*) > 1
                    """),
            Invariant(
                name: "direct-participants", complaint: "a direct conversation has other participants than its pair",
                sql: """
                    SELECT \(conversation) FROM conversations c WHERE direct_low IS NOT NULL
                        AND (SELECT group_concat(user_id, char(10)) FROM (
                            SELECT user_id FROM participants WHERE conversation_key = c.key ORDER BY user_id))
                            IS NOT direct_low || char(10) || direct_high
                    """),
            Invariant(
                name: "participants",
                complaint: "a conversation has fewer than two participants, or one of another tenant",
                sql: """
                    SELECT \(conversation) FROM conversations c LEFT JOIN participants p ON p.conversation_key = c.key
                    GROUP BY c.key HAVING count(p.user_id) < 2 OR sum(p.tenant_id <> c.tenant_id) > 0
                    """),
            Invariant(
                name: "read-markers", complaint: "a read marker lies outside of the messages of its conversation",
                sql: """
                    SELECT \(conversation) FROM participants p JOIN conversations c ON c.key = p.conversation_key
                    WHERE p.read_up_to NOT BETWEEN \(pruned) AND c.last_n
                    """),
        ]
    }

    private static func messages(pruned: String) -> [Invariant] {
        [
            Invariant(
                name: "message-numbers", complaint: "the messages are not numbered without gaps up to the last one",
                sql: """
                    SELECT \(conversation) FROM conversations c LEFT JOIN (
                        SELECT conversation_key, count(*) AS count, min(n) AS first, max(n) AS last
                        FROM messages GROUP BY conversation_key) m ON m.conversation_key = c.key
                    WHERE coalesce(m.count, 0) <> c.last_n - \(pruned)
                        OR (m.count > 0 AND (m.first <> \(pruned) + 1 OR m.last <> c.last_n))
                    """),
            Invariant(
                name: "senders", complaint: "the sender of a message does not take part in the conversation",
                sql: """
                    SELECT \(conversation) FROM (SELECT DISTINCT conversation_key, sender_id FROM messages) m
                        JOIN conversations c ON c.key = m.conversation_key
                        LEFT JOIN participants p ON p.conversation_key = m.conversation_key AND p.user_id = m.sender_id
                    WHERE p.user_id IS NULL
                    """),
            Invariant(
                name: "sender-counts", complaint: "the messages of a sender are not counted one by one",
                sql: """
                    SELECT \(conversation) FROM (
                        SELECT conversation_key, sender_n - row_number() OVER (
                            PARTITION BY conversation_key, sender_id ORDER BY n) AS before, sender_id
                        FROM messages) m JOIN conversations c ON c.key = m.conversation_key
                    GROUP BY m.conversation_key, m.sender_id HAVING min(before) <> max(before)
                    """),
            Invariant(
                name: "client-message-ids", complaint: "a sender used a key for two messages",
                sql: """
                    SELECT \(conversation) FROM messages m JOIN conversations c ON c.key = m.conversation_key
                    WHERE m.client_message_id IS NOT NULL
                    GROUP BY m.conversation_key, m.sender_id, m.client_message_id HAVING count(*) > 1
                    """),
            Invariant(
                name: "texts", complaint: "the content or the key of a message has U+0000",
                sql: """
                    SELECT \(conversation) FROM messages m JOIN conversations c ON c.key = m.conversation_key
                    WHERE instr(CAST(m.content AS BLOB), x'00') OR instr(CAST(m.client_message_id AS BLOB), x'00')
                    """),
        ]
    }

    private static let changes = [
        Invariant(
            name: "activity", complaint: "the last activity is not one change, before or at the last change",
            sql: """
                SELECT \(conversation) FROM conversations c GROUP BY activity
                HAVING count(*) > 1 OR max(c.activity > c.change) OR min(activity) < 1
                """),
        Invariant(
            name: "list-changes", complaint: "two entries of a user's list have the same change number",
            sql: """
                SELECT \(conversation) FROM participants p JOIN conversations c ON c.key = p.conversation_key
                GROUP BY p.tenant_id, p.user_id, max(c.change, p.change) HAVING count(*) > 1
                """),
    ]
}

extension Invariant {
    /// About what is kept twice so that lists need not be read whole; since the third version of the schema.
    static let lists = [
        Invariant(
            name: "list-order",
            complaint: "a participant's row has another activity than the conversation, or an older change",
            sql: """
                SELECT \(conversation) FROM participants p JOIN conversations c ON c.key = p.conversation_key
                WHERE p.activity <> 0 AND (p.activity <> c.activity OR p.change < c.change)
                """),
        Invariant(
            name: "list-copies", complaint: "the copies of a conversation's activity are not as many as it says",
            sql: """
                SELECT \(conversation) FROM conversations c
                    LEFT JOIN participants p ON p.conversation_key = c.key AND p.activity <> 0
                GROUP BY c.key HAVING count(p.user_id) <> c.activity_copies
                """),
        Invariant(
            name: "long-lists",
            complaint: "the order of a list is kept for some of its conversations and not for others",
            sql: """
                SELECT 'a list' FROM participants
                GROUP BY tenant_id, user_id HAVING count(activity) NOT IN (0, count(*))
                """),
        Invariant(
            name: "large-conversations",
            complaint: "a conversation's number of participants or their lowest read markers are not as it says",
            sql: """
                SELECT \(conversation) FROM conversations c JOIN (
                    SELECT conversation_key, count(*) AS count, min(read_up_to) AS least
                    FROM participants GROUP BY conversation_key) p ON p.conversation_key = c.key
                WHERE c.participant_count IS NOT iif(p.count > \(ConversationSummary.mostPeople), p.count, NULL)
                    OR (c.participant_count IS NOT NULL AND (c.least_read_up_to IS NOT p.least
                        OR c.second_read_up_to IS NOT (SELECT read_up_to FROM participants
                            WHERE conversation_key = c.key ORDER BY read_up_to LIMIT 1 OFFSET 1)))
                """),
        Invariant(
            name: "renamings", complaint: "a renaming does not say how far it has come",
            sql: "SELECT 'a user' FROM users WHERE (renaming IS NULL) <> (renamed_up_to IS NULL)"),
    ]
}
