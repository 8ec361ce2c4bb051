/// The statements that find conversations.
///
/// Those that return a conversation have these columns, in no row where there is none: `key bigint`, `id text`, `last_n bigint`,
/// `pruned_up_to bigint`, `change bigint` (the latest one that every participant sees), `members text[]` and `marks bigint[]` (the
/// participants by user id, and their read markers), and `revision bigint`.
enum ConversationQuery {
    /// The conversation with an id, for a user who takes part in it. `$1 text` the tenant, `$2 text` the id, `$3 text` the user.
    static let own = "SELECT * FROM postbox.find_conversation($1, $2, $3)"

    /// The direct conversation of a pair. `$1 text` the tenant, `$2 text` and `$3 text` the pair, the lower id first.
    static let direct = "SELECT * FROM postbox.find_direct($1, $2, $3)"

    /// The conversation with a key. `$1 text` the tenant, `$2 bigint` the key.
    static let byKey = "SELECT * FROM postbox.get_conversation($1, $2)"

    /// Whether there is a conversation with an id, regardless of who takes part: one `boolean`. `$1 text` the tenant, `$2 text` the id.
    static let exists = "SELECT EXISTS (SELECT 1 FROM postbox.conversations c WHERE c.tenant_id = $1 AND c.id = $2)"

    /// Whether two users share any conversation, true also where both have too many to find out: one `boolean`. `$1 text` the tenant,
    /// `$2 text` and `$3 text` the users; the conversations of the first are searched first.
    static let mayBeTogether = "SELECT postbox.may_be_together($1, $2, $3)"

    /// Opens a conversation or finds the one that is meant; ``Schema/openFunction`` says what it takes and returns. `$1 text` the epoch,
    /// `$2 bigint` the writer, `$3 text` the tenant, `$4 text` the id, `$5 text[]` the participants, `$6 boolean` whether it is direct,
    /// `$7 bigint` the moment, `$8 bytea` the payload. Columns: `base bigint`, `key bigint`, `id text`, `state int`.
    static let open = "SELECT * FROM postbox.open($1, $2, $3, $4, $5, $6, $7, $8)"
}
