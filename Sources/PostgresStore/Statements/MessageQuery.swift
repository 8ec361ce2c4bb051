/// The statements that read and write messages.
///
/// Those that return messages have these columns, oldest message first: `n bigint`, `sender_id text`, `content text`,
/// `sent_at_ms bigint`, `client_message_id text` (NULL without a key). The limits are those of `PageBounds`: as many rows as show that it
/// is exceeded, where there are so many. So the limit in rows is `PageBounds.countToRead`.
///
/// The first four name the state of the conversation for which they are given: `$1 text` the tenant, `$2 bigint` the key, `$3 bigint` the
/// revision, `$4 bigint` the number up to which it is pruned. Where another revision is visible, or more was pruned, there is no row; where
/// there is just no message, one row of NULL.
enum MessageQuery {
    /// The oldest messages among some numbers. `$5 bigint` and `$6 bigint` the least and greatest number, `$7 bigint` the most rows,
    /// `$8 bigint` the bytes of contents that a page holds.
    static let oldest = whereNothingWasRemoved("oldest_messages($1, $2, $5, $6, $7, $8)")

    /// The newest messages among some numbers; parameters as in ``oldest``.
    static let newest = whereNothingWasRemoved("newest_messages($1, $2, $5, $6, $7, $8)")

    /// The oldest messages of one sender among some numbers; parameters as in ``oldest``, and `$9 text` the sender.
    static let ofSender = whereNothingWasRemoved("messages_of_sender($1, $2, $9, $5, $6, $7, $8)")

    /// The oldest messages of everybody else among some numbers; parameters as in ``ofSender``. Long runs of the user's own messages cost
    /// nothing.
    static let ofOthers = whereNothingWasRemoved("messages_of_others($1, $2, $9, $5, $6, $7, $8)")

    /// A removal changes the conversation's row in the transaction that removes, and the function has the snapshot of the statement.
    private static func whereNothingWasRemoved(_ messages: String) -> String {
        """
        SELECT m.* FROM (SELECT FROM postbox.conversations c
            WHERE c.tenant_id = $1 AND c.key = $2 AND c.revision = $3 AND c.pruned_up_to = $4) c
        LEFT JOIN postbox.\(messages) m ON true
        """
    }

    /// The newest messages of several conversations, those of one after the other in the order of the keys. `$1 text` the tenant,
    /// `$2 bigint[]` the keys, `$3 bigint[]` the number of the last message of each, `$4 bigint` the most messages of each, `$5 bigint` the
    /// bytes for each; `$6 bigint[]` the revisions, `$7 bigint[]` the numbers up to which they are pruned.
    ///
    /// Columns, of one row at least: `is_unchanged boolean`, whether these revisions are visible and no more was pruned; `key bigint`, NULL
    /// where there is no message; then those of a message.
    static let newestOfEach = """
        SELECT u.is_unchanged, m.* FROM (
            SELECT count(*) = cardinality($2) AS is_unchanged FROM unnest($2, $6, $7) k (key, revision, pruned_up_to)
            CROSS JOIN LATERAL (SELECT FROM postbox.conversations c WHERE c.tenant_id = $1 AND c.key = k.key
                AND c.revision = k.revision AND c.pruned_up_to = k.pruned_up_to OFFSET 0) c) u
        LEFT JOIN postbox.newest_of_each($1, $2, $3, $4, $5) m ON true
        """

    /// The message that a sender gave a key. `$1 text` the tenant, `$2 bigint` the conversation's key, `$3 text` the sender, `$4 text` the
    /// key of the message.
    static let byClientID = "SELECT * FROM postbox.find_message($1, $2, $3, $4)"

    /// Writes a batch; ``Schema/writeFunctions`` says what it takes and returns. `$1 text` the epoch, `$2 bigint` the writer; messages:
    /// `$3 text[]` tenants, `$4 bigint[]` keys, `$5 text[]` senders, `$6 text[]` contents, `$7 text[]` their own keys, `$8 bigint[]`
    /// moments; read markers: `$9 text[]` tenants, `$10 bigint[]` keys, `$11 text[]` readers, `$12 bigint[]` positions; `$13 bytea` the
    /// payload. Columns: `base bigint`, `ns bigint[]`, `states int[]`, `ats bigint[]`, `marks bigint[]`, `unread bigint[]`.
    static let write = "SELECT * FROM postbox.write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
}
