/// The queries for one caller's list: `?1` is the tenant, `?2` the user, `?3` where a page begins, `?4` its size.
///
/// A short list is read whole; for a long list that query finds nothing. A page of a long list is read from the indexes over the
/// copies in the participants' rows. Only conversations that have too many copies are read whole; see ``LongLists``.
enum ListQuery {
    private static let columns = """
        c.key, c.id, c.opened_at_ms, c.last_n, c.activity AS activity, max(c.change, p.change) AS change, c.pruned_up_to,
            p.read_up_to, c.participant_count, c.change AS shared_change, c.revision
        """

    private static func from(_ index: String, and condition: String) -> String {
        """
        FROM participants p INDEXED BY \(index) CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE p.tenant_id = ?1 AND p.user_id = ?2 AND \(condition)
        """
    }

    /// Excludes a long list before anything of it is read: a separate query would make every list slower.
    private static let whole = """
        SELECT \(columns) FROM \(unlessLong) CROSS JOIN participants p INDEXED BY participants_user
            CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE p.tenant_id = ?1 AND p.user_id = ?2
        """
    private static let unlessLong = """
        (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM participants INDEXED BY participants_activity
            WHERE tenant_id = ?1 AND user_id = ?2 AND activity IS NOT NULL))
        """
    private static let beyondCopies = "SELECT \(columns) \(from("participants_activity", and: "p.activity = 0"))"

    private static func inOrder(_ index: String, _ condition: String, by order: String) -> String {
        let rows = from(index, and: "p.activity > 0 AND \(condition)")
        return "SELECT * FROM (SELECT \(columns) \(rows) ORDER BY \(order) LIMIT ?4)"
    }

    /// The first entries of a selection in this order; they come in any.
    private static func entries(_ selection: String, by order: String) -> String {
        """
        SELECT key, id, opened_at_ms, last_n, activity, change, pruned_up_to, participant_count, shared_change, revision,
            \(StoredMessages.unread(by: "?2", in: "e.key", after: "e.read_up_to", lastN: "e.last_n"))
        FROM (\(selection) ORDER BY \(order) LIMIT ?4) e
        """
    }

    /// The entries with the latest activity before `?3`.
    static let newest = entries("\(whole) AND c.activity < ?3", by: "activity DESC")
    static let newestOfLong = entries(
        """
        \(inOrder("participants_activity", "p.activity < ?3", by: "p.activity DESC"))
        UNION ALL \(beyondCopies) AND c.activity < ?3
        """, by: "activity DESC")

    /// The entries that changed first after `?3`.
    static let changed = entries("\(whole) AND max(c.change, p.change) > ?3", by: "change")
    static let changedOfLong = entries(
        """
        \(inOrder("participants_change", "p.change > ?3", by: "p.change"))
        UNION ALL \(beyondCopies) AND max(c.change, p.change) > ?3
        """, by: "change")

    /// The entry of the conversation with the key `?3`.
    static let one = entries(
        """
        SELECT \(columns) FROM participants p CROSS JOIN conversations c ON c.key = p.conversation_key
        WHERE p.conversation_key = ?3 AND p.user_id = ?2 AND p.tenant_id = ?1
        """, by: "key")

    /// The latest change that the caller sees in any conversation; NULL where there is none.
    static let latestChange = "SELECT max(change) FROM (\(whole))"
    static let latestChangeOfLong = """
        SELECT max(change) FROM (
            SELECT * FROM (SELECT p.change FROM participants p INDEXED BY participants_change
                WHERE p.tenant_id = ?1 AND p.user_id = ?2 AND p.activity > 0 ORDER BY p.change DESC LIMIT 1)
            UNION ALL SELECT max(c.change, p.change) \(from("participants_activity", and: "p.activity = 0")))
        """
}
