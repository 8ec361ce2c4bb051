/// The statements that read one caller's list, each in one snapshot.
///
/// Pages have one row for each entry, and one row with NULL in all columns but the first where there is no entry. Columns:
/// - `latest bigint`: the latest change of the whole list, 0 where it is empty; the same in all rows.
/// - `key bigint`, `id text`, `opened_at_ms bigint`, `last_n bigint`, `activity bigint`.
/// - `change bigint`, `shared_change bigint`: the latest change that the caller sees, and that all participants see.
/// - `pruned_up_to bigint`, `unread bigint`.
/// - `participant_count int`, `least_read_up_to bigint`, `second_read_up_to bigint`: how many people take part in a large conversation,
///   and the two least read markers among all of them; NULL where the row has everybody.
/// - `members text[]`, `marks bigint[]`, `names text[]`, `companies text[]`: people by user id, with their read markers, and what others
///   see of them, NULL where that is not known. In a large conversation the caller and the first 19 others.
/// - `revision bigint`.
enum ListQuery {
    private static let entries = "LEFT JOIN postbox.list_entries($1, $2, s.keys, false) e ON true"

    /// The entries with the latest activity before a number, latest first; the greatest number for the newest page. `$1 text` the tenant,
    /// `$2 text` the user, `$3 bigint` the number, `$4 bigint` the most rows.
    static let before = "SELECT s.latest, e.* FROM postbox.select_before($1, $2, $3, $4) s \(entries)"

    /// The entries that changed first after a number, in the order of their changes; parameters as in ``before``.
    static let since = "SELECT s.latest, e.* FROM postbox.select_since($1, $2, $3, $4) s \(entries)"

    /// The entry of one conversation with all its participants, without the column `latest`; no row where the caller does not take part.
    /// `$1 text` the tenant, `$2 text` the user, `$3 bigint` the conversation's key.
    static let one = "SELECT * FROM postbox.list_entries($1, $2, ARRAY[$3::bigint], true)"

    /// The latest change that the caller sees in any conversation, 0 where there is none: one `bigint`. `$1 text` the tenant, `$2 text` the
    /// user.
    static let latestChange = "SELECT postbox.latest_change($1, $2)"
}
