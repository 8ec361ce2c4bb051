/// The statements that find what is to be removed, and the rules about it; they take no lock that a write waits for.
enum RemovalQuery {
    /// What there is of a user: `is_named boolean`, whether anything is stored about them, and `keys bigint[]`, the conversations that they
    /// take part in. `$1 text` the tenant, `$2 text` the user.
    static let ofUser = """
        SELECT EXISTS (SELECT 1 FROM postbox.users u WHERE u.tenant_id = $1 AND u.id = $2),
            ARRAY(SELECT p.conversation_key FROM postbox.participants p WHERE p.tenant_id = $1 AND p.user_id = $2 ORDER BY 1)
        """

    /// The key of the conversation with an id: one `bigint`, no row where there is none. `$1 text` the tenant, `$2 text` the id.
    static let key = "SELECT c.key FROM postbox.conversations c WHERE c.tenant_id = $1 AND c.id = $2"

    /// The conversations that have anything to prune: `tenant_id text`, `keys bigint[]`. `$1 text` the tenant, NULL for all of them;
    /// `$2 bigint` the moment. To find old messages that stand behind newer ones, all messages are looked at.
    static let withOld = """
        SELECT c.tenant_id, array_agg(c.key ORDER BY c.key) FROM postbox.conversations c
        WHERE ($1 IS NULL OR c.tenant_id = $1) AND EXISTS (SELECT 1 FROM postbox.messages m
            WHERE m.tenant_id = c.tenant_id AND m.conversation_key = c.key AND m.sent_at_ms < $2
                AND (m.content <> '' OR m.n = c.pruned_up_to + 1))
        GROUP BY c.tenant_id ORDER BY c.tenant_id
        """

    /// The next conversations in the order of tenants and keys: `tenant_id text`, `key bigint`, `oldest bigint`, when the first message was
    /// sent, NULL where there is none. `$1 text` and `$2 bigint` the place after which they come, `$3 bigint` how many.
    static let oldest = """
        SELECT c.tenant_id, c.key, (SELECT m.sent_at_ms FROM postbox.messages m
            WHERE m.tenant_id = c.tenant_id AND m.conversation_key = c.key AND m.n = c.pruned_up_to + 1)
        FROM postbox.conversations c WHERE (c.tenant_id, c.key) > ($1, $2) ORDER BY c.tenant_id, c.key LIMIT $3
        """

    /// The rules of tenants: `tenant_id text`, `age text`, NULL for ever.
    static let rules = "SELECT r.tenant_id, r.age FROM postbox.retention r"

    /// Sets a tenant's rule. `$1 text` the tenant, `$2 text` the age.
    static let setRule = """
        INSERT INTO postbox.retention (tenant_id, age) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE SET age = $2
        """

    /// Removes a tenant's rule. `$1 text` the tenant.
    static let removeRule = "DELETE FROM postbox.retention r WHERE r.tenant_id = $1"

    /// Takes on what only one node does at a time: a row where nobody else does it. `$1 text` what, `$2 bigint` the node.
    static let takeOn = """
        INSERT INTO postbox.duties (name, node) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET node = $2
            WHERE duties.node = $2 OR NOT EXISTS (SELECT 1 FROM postbox.nodes n WHERE n.id = duties.node)
        RETURNING true
        """

    /// Gives it up. `$1 text` what, `$2 bigint` the node.
    static let giveUp = "DELETE FROM postbox.duties d WHERE d.name = $1 AND d.node = $2"

    /// The newest position in the feed, and the greatest D of the other nodes in milliseconds, NULL where there are none: `newest bigint`,
    /// `others int`. `$1 bigint` our id.
    static let feed = """
        SELECT coalesce((SELECT max(f.position) FROM postbox.feed f), 0),
            (SELECT max(n.bound_ms) FROM postbox.nodes n WHERE n.id <> $1)
        """

    /// Removes the feed up to a position, `$1 bigint`.
    static let trimFeed = """
        WITH gone AS (DELETE FROM postbox.feed f WHERE f.position <= $1)
        UPDATE postbox.store s SET feed_trimmed_up_to = greatest(s.feed_trimmed_up_to, $1)
        """
}
