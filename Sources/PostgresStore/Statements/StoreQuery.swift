/// The statements about the store as a whole.
enum StoreQuery {
    /// The epoch `text` and the timeline `int`; every connection asks for them before its first use. `$1 text` the epoch to begin where the
    /// database was promoted or copied; `$2 text` and `$3 int` the epoch and the timeline that were served until now, or NULL; `$4 boolean`
    /// whether the epoch may go on after a promotion. SQLSTATE 25006 on a standby.
    static let lookUpEpoch = "SELECT postbox.look_up_epoch($1, $2, $3, $4), (SELECT h.timeline FROM postbox.here() h)"

    /// The key of all cursors: one `bytea`.
    static let cursorKey = "SELECT s.cursor_key FROM postbox.store s"

    /// Whether there is neither a conversation nor a user: one `boolean`.
    static let isEmpty = """
        SELECT NOT EXISTS (SELECT 1 FROM postbox.conversations) AND NOT EXISTS (SELECT 1 FROM postbox.users)
        """

    /// Removes old rows of the feed; one `bigint`, the greatest position ever removed. `$1 int` the age in seconds.
    static let trimFeed = "SELECT postbox.trim_feed($1)"
}
