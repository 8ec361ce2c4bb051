/// The statements about the nodes and the feed between them; ``Schema/nodeFunctions`` says what the functions do.
enum NodeQuery {
    /// Enters a node, or gives it another writer. `$1 bigint` its id and `$2 bigint` the number of its writer, both random; `$3 text` what
    /// it calls itself; `$4 text` its version; `$5 int` its D in milliseconds; `$6 boolean` whether it waits for standbys.
    static let join = "SELECT postbox.join_node($1, $2, $3, $4, $5, $6), \(durable)"

    /// Renews the row. `$1 bigint` the id, `$2 boolean` whether the node takes itself to be alone, `$3 bigint` its position, `$4 bigint` the
    /// age of its last look in milliseconds, both NULL where there is none; `$5` to `$8` as ``StoreQuery/lookUpEpoch``.
    /// Columns: `is_there boolean`, `may_be_alone boolean`, the epoch `text`, the ids and the counts of the other nodes, `bigint[]` each, and
    /// the timeline `int`. It need not survive a crash of the server, except where the function says otherwise.
    static let renew = """
        SELECT r.is_there, r.may_be_alone, postbox.look_up_epoch($5, $6, $7, $8),
            ARRAY(SELECT n.id FROM postbox.nodes n WHERE n.id <> $1 ORDER BY n.id),
            ARRAY(SELECT n.renewals FROM postbox.nodes n WHERE n.id <> $1 ORDER BY n.id), (SELECT h.timeline FROM postbox.here() h)
        FROM postbox.renew_node($1, $2, $3, $4) r
        """

    /// The other nodes. `$1 bigint` our id. Columns: `id bigint`, `renewals bigint`, `is_alone boolean`.
    static let others = "SELECT n.id, n.renewals, n.is_alone FROM postbox.nodes n WHERE n.id <> $1"

    /// Removes a node. `$1 bigint` the id, `$2 bigint` the count that it must still have, or NULL.
    static let remove = "SELECT postbox.remove_node($1, $2), \(durable)"

    /// One look at the feed. `$1 bigint` the position after which to look. Columns, of one row at least: `epoch text`, `is_here boolean`
    /// (whether system and timeline are those of the epoch), `trimmed_up_to bigint`, `newest bigint` (NULL where the feed never had a
    /// row); and of each of the first 100 rows `row_position bigint` (NULL where there is no row), `ns bigint[]`, `marks bigint[]`,
    /// `list_users text[]`, `list_changes bigint[]` (both NULL where the row does not say), `payload bytea`; and the `timeline int` of the server.
    static let look = "SELECT * FROM postbox.look($1)"

    /// The same look, which is only over once a synchronous standby confirms a record that is written after it: so all rows are there too,
    /// and the server is no former primary. SQLSTATE 22012 where no standby is required.
    static let confirmedLook = """
        WITH c AS MATERIALIZED (SELECT \(Confirmation.columns))
        SELECT l.* FROM postbox.look($1) l CROSS JOIN c WHERE c.is_required = 1
        """

    /// The id and the participants of a conversation. `$1 text` the tenant, `$2 bigint` the key. Columns: `id text`, `members text[]`.
    static let conversation = """
        SELECT c.id, ARRAY(SELECT p.user_id FROM postbox.participants p
            WHERE p.tenant_id = c.tenant_id AND p.conversation_key = c.key ORDER BY p.user_id)
        FROM postbox.conversations c WHERE c.tenant_id = $1 AND c.key = $2
        """

    /// A row of the feed that tells all nodes to forget what is in memory. `$1 bytea` the payload.
    static let reset = """
        INSERT INTO postbox.feed (position, kind, ns, marks, payload) VALUES (nextval('postbox.position'), 'reset', '{}', '{}', $1)
        """

    /// What people want to know of all nodes, the one that joined first at the beginning: `name text`, `version text`, `started_ms bigint`
    /// (since 1970), `bound_ms int`, `position bigint`, `behind bigint` (how many rows of the feed it has not seen), `look_age_ms bigint`,
    /// `is_alone boolean`.
    static let all = """
        SELECT n.name, n.version, (extract(epoch FROM n.started_at) * 1000)::bigint, n.bound_ms, n.position,
            (SELECT count(*) FROM postbox.feed f WHERE f.position > n.position), n.look_age_ms, n.is_alone
        FROM postbox.nodes n ORDER BY n.started_at, n.id
        """

    /// A short wait for a standby must not end a node; so it is as durable as the server's own disk, and not more.
    private static let durable = "set_config('synchronous_commit', 'local', true)"
}
