/// The statements about the store as a whole.
enum StoreQuery {
    /// The epoch, one `text`; every connection calls it before its first use. `$1 text` the epoch to begin where the database was promoted
    /// or copied. SQLSTATE 25006 on a standby.
    static let lookUpEpoch = "SELECT postbox.look_up_epoch($1)"

    /// The key of all cursors: one `bytea`.
    static let cursorKey = "SELECT s.cursor_key FROM postbox.store s"

    /// Whether there is neither a conversation nor a user: one `boolean`.
    static let isEmpty = """
        SELECT NOT EXISTS (SELECT 1 FROM postbox.conversations) AND NOT EXISTS (SELECT 1 FROM postbox.users)
        """

    /// Takes the lease. `$1 bigint` the holder, a random number; `$2 int` seconds; `$3 text` what the holder calls itself. Columns:
    /// `taken boolean`, and of the present holder `holder_name text`, `since_ms bigint`, `left_ms bigint`.
    static let takeLease = "SELECT * FROM postbox.take_lease($1, $2, $3)"

    /// Prolongs the lease; one `boolean`, false where another process has it. `$1 bigint` the holder, `$2 int` seconds.
    static let renewLease = "SELECT postbox.renew_lease($1, $2)"

    /// Gives the lease back. `$1 bigint` the holder.
    static let releaseLease = "SELECT postbox.release_lease($1)"

    /// Removes old rows of the feed; one `bigint`, the greatest position ever removed. `$1 int` the age in seconds.
    static let trimFeed = "SELECT postbox.trim_feed($1)"
}
