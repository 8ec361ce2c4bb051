import Messaging

/// Something that holds in every database of ours, besides what PostgreSQL itself sees to.
struct Invariant {
    let name: String
    /// The description of a violation.
    let complaint: String
    /// Gives a row for each place where it does not hold, with one column that says where; never with content.
    let sql: String

    /// All of them, by the same names as those of an SQLite database, where they apply.
    static let all = store + ids + references + conversations + messages + changes + lists

    private static let conversation =
        "'conversation ' || c.id || CASE WHEN c.tenant_id = '' THEN '' ELSE ' of tenant ' || c.tenant_id END"

    private static let store = [
        Invariant(
            name: "epoch", complaint: "the store has no usable epoch",
            sql: """
                SELECT 'the table store' WHERE (SELECT count(*) FROM postbox.store) <> 1
                    OR EXISTS (SELECT 1 FROM postbox.store s WHERE s.epoch !~ '^[a-z0-9]{1,16}$')
                """),
        Invariant(
            name: "cursor-key", complaint: "the store has no usable cursor key",
            sql: """
                SELECT 'the table store' WHERE NOT EXISTS (
                    SELECT 1 FROM postbox.store s WHERE octet_length(s.cursor_key) = \(CursorKey.length))
                """),
        Invariant(
            name: "change-counter",
            complaint: "a change number is greater than the last one handed out, or that is missing",
            sql: """
                SELECT 'the sequence position' WHERE NOT EXISTS (
                    SELECT 1 FROM postbox.position q WHERE q.last_value + 1023 >= greatest(
                        (SELECT max(c.change) FROM postbox.conversations c),
                        (SELECT max(p.change) FROM postbox.participants p), 0))
                """),
        Invariant(
            name: "feed",
            complaint: "a row of the feed has a position that was not handed out, or is older than removed ones",
            sql: """
                SELECT 'position ' || f.position FROM postbox.feed f
                WHERE f.position > (SELECT q.last_value FROM postbox.position q)
                    OR f.position <= (SELECT s.feed_trimmed_up_to FROM postbox.store s)
                """),
    ]

    private static let ids = [
        Invariant(
            name: "ids", complaint: "an id is empty or longer than 255 bytes",
            sql: """
                SELECT kind FROM (
                    SELECT 'a user' AS kind, u.id FROM postbox.users u
                    UNION ALL SELECT 'a participant', p.user_id FROM postbox.participants p
                    UNION ALL SELECT 'a conversation', c.id FROM postbox.conversations c) x
                WHERE octet_length(x.id) NOT BETWEEN 1 AND 255
                """)
    ]

    private static let references = [
        Invariant(
            name: "references", complaint: "rows belong to a conversation that is not there",
            sql: """
                SELECT x.place FROM (
                    SELECT 'messages' AS place, m.tenant_id, m.conversation_key FROM postbox.messages m
                        GROUP BY m.tenant_id, m.conversation_key
                    UNION ALL SELECT 'participants', p.tenant_id, p.conversation_key FROM postbox.participants p
                        GROUP BY p.tenant_id, p.conversation_key) x
                    LEFT JOIN postbox.conversations c ON c.tenant_id = x.tenant_id AND c.key = x.conversation_key
                WHERE c.key IS NULL
                """)
    ]

    private static let participants =
        "postbox.participants p JOIN postbox.conversations c ON c.tenant_id = p.tenant_id AND c.key = p.conversation_key"

    private static let conversations = [
        Invariant(
            name: "conversation-ids", complaint: "two conversations of a tenant have the same id",
            sql: """
                SELECT min(\(conversation)) FROM postbox.conversations c GROUP BY c.tenant_id, c.id HAVING count(*) > 1
                """),
        Invariant(
            name: "direct-pairs", complaint: "a pair has more than one direct conversation",
            sql: """
                SELECT min(\(conversation)) FROM postbox.conversations c WHERE c.direct_low IS NOT NULL
                GROUP BY c.tenant_id, c.direct_low, c.direct_high HAVING count(*) > 1
                """),
        Invariant(
            name: "direct-participants", complaint: "a direct conversation has other participants than its pair",
            sql: """
                SELECT \(conversation) FROM postbox.conversations c WHERE c.direct_low IS NOT NULL
                    AND ARRAY(SELECT p.user_id FROM postbox.participants p
                        WHERE p.tenant_id = c.tenant_id AND p.conversation_key = c.key ORDER BY p.user_id)
                        <> ARRAY[c.direct_low, c.direct_high]
                """),
        Invariant(
            name: "participants", complaint: "a conversation has fewer than two participants",
            sql: """
                SELECT \(conversation) FROM postbox.conversations c LEFT JOIN (
                    SELECT p.tenant_id, p.conversation_key, count(*) AS count FROM postbox.participants p
                    GROUP BY p.tenant_id, p.conversation_key) p ON p.tenant_id = c.tenant_id AND p.conversation_key = c.key
                WHERE coalesce(p.count, 0) < 2
                """),
        Invariant(
            name: "read-markers", complaint: "a read marker lies outside of the messages of its conversation",
            sql:
                "SELECT \(conversation) FROM \(participants) WHERE p.read_up_to NOT BETWEEN c.pruned_up_to AND c.last_n"
        ),
    ]

    private static let messages = [
        Invariant(
            name: "message-numbers", complaint: "the messages are not numbered without gaps up to the last one",
            sql: """
                SELECT \(conversation) FROM postbox.conversations c LEFT JOIN (
                    SELECT m.tenant_id, m.conversation_key, count(*) AS count, min(m.n) AS first, max(m.n) AS last
                    FROM postbox.messages m GROUP BY m.tenant_id, m.conversation_key
                    ) m ON m.tenant_id = c.tenant_id AND m.conversation_key = c.key
                WHERE coalesce(m.count, 0) <> c.last_n - c.pruned_up_to
                    OR (m.count > 0 AND (m.first <> c.pruned_up_to + 1 OR m.last <> c.last_n))
                """),
        Invariant(
            name: "senders", complaint: "the sender of a message does not take part in the conversation",
            sql: """
                SELECT \(conversation) FROM (
                    SELECT DISTINCT m.tenant_id, m.conversation_key, m.sender_id FROM postbox.messages m) m
                    JOIN postbox.conversations c ON c.tenant_id = m.tenant_id AND c.key = m.conversation_key
                    LEFT JOIN postbox.participants p ON p.tenant_id = m.tenant_id AND p.conversation_key = m.conversation_key
                        AND p.user_id = m.sender_id
                WHERE p.user_id IS NULL
                """),
        Invariant(
            name: "sender-counts", complaint: "the messages of a sender are not counted one by one",
            sql: """
                SELECT min(\(conversation)) FROM (
                    SELECT m.tenant_id, m.conversation_key, m.sender_id, m.sender_n - row_number() OVER (
                        PARTITION BY m.tenant_id, m.conversation_key, m.sender_id ORDER BY m.n) AS before
                    FROM postbox.messages m) m
                    JOIN postbox.conversations c ON c.tenant_id = m.tenant_id AND c.key = m.conversation_key
                GROUP BY m.tenant_id, m.conversation_key, m.sender_id HAVING min(m.before) <> max(m.before)
                """),
        Invariant(
            name: "client-message-ids", complaint: "a sender used a key for two messages",
            sql: """
                SELECT min(\(conversation)) FROM postbox.messages m
                    JOIN postbox.conversations c ON c.tenant_id = m.tenant_id AND c.key = m.conversation_key
                WHERE m.client_message_id IS NOT NULL
                GROUP BY m.tenant_id, m.conversation_key, m.sender_id, m.client_message_id HAVING count(*) > 1
                """),
    ]

    private static let changes = [
        Invariant(
            name: "activity", complaint: "the last activity is not one change, before or at the last change",
            sql: """
                SELECT min(\(conversation)) FROM postbox.conversations c GROUP BY c.activity
                HAVING count(*) > 1 OR bool_or(c.activity > c.change) OR min(c.activity) < 1
                """),
        Invariant(
            name: "list-changes", complaint: "two entries of a user's list have the same change number",
            sql: """
                SELECT min(\(conversation)) FROM \(participants)
                GROUP BY p.tenant_id, p.user_id, greatest(c.change, p.change) HAVING count(*) > 1
                """),
    ]

    /// About what is kept twice so that lists need not be read whole.
    private static let lists = [
        Invariant(
            name: "list-order",
            complaint: "a participant's row has another activity than the conversation, or another change",
            sql: """
                SELECT \(conversation) FROM \(participants) WHERE p.list_activity <> 0
                    AND (p.list_activity <> c.activity OR p.list_change IS DISTINCT FROM greatest(c.change, p.change))
                """),
        Invariant(
            name: "list-copies", complaint: "the copies of a conversation's activity are not as many as it says",
            sql: """
                SELECT \(conversation) FROM postbox.conversations c LEFT JOIN (
                    SELECT p.tenant_id, p.conversation_key, count(*) AS count FROM postbox.participants p
                    WHERE p.list_activity <> 0 GROUP BY p.tenant_id, p.conversation_key
                    ) p ON p.tenant_id = c.tenant_id AND p.conversation_key = c.key
                WHERE coalesce(p.count, 0) <> c.activity_copies
                """),
        Invariant(
            name: "long-lists",
            complaint: "the order of a list is kept for some of its conversations and not for others",
            sql: """
                SELECT 'a list' FROM postbox.participants p
                GROUP BY p.tenant_id, p.user_id HAVING count(p.list_activity) NOT IN (0, count(*))
                """),
        Invariant(
            name: "large-conversations",
            complaint: "a conversation's number of participants or their lowest read markers are not as it says",
            sql: """
                SELECT \(conversation) FROM postbox.conversations c JOIN (
                    SELECT p.tenant_id, p.conversation_key, count(*) AS count FROM postbox.participants p
                    GROUP BY p.tenant_id, p.conversation_key) p ON p.tenant_id = c.tenant_id AND p.conversation_key = c.key
                WHERE c.participant_count IS DISTINCT FROM CASE WHEN p.count > \(ConversationSummary.mostPeople) THEN p.count END
                    OR (c.participant_count IS NOT NULL AND ARRAY[c.least_read_up_to, c.second_read_up_to] IS DISTINCT FROM
                        ARRAY(SELECT q.read_up_to FROM postbox.participants q
                            WHERE q.tenant_id = c.tenant_id AND q.conversation_key = c.key ORDER BY q.read_up_to LIMIT 2))
                """),
        Invariant(
            name: "renamings", complaint: "a renaming does not say how far it has come",
            sql: "SELECT 'a user' FROM postbox.users u WHERE (u.renaming IS NULL) <> (u.renamed_up_to IS NULL)"),
    ]
}
