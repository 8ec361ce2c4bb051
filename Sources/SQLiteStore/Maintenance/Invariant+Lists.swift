import Messaging

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
            complaint: "a conversation's number of participants or their least read markers are not as it says",
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
