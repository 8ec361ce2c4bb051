import Messaging

/// What an import has done with a conversation, for its later transactions.
struct ImportProgress: Sendable {
    let key: Int64
    /// Whether no record of it can have been pruned.
    let isWhole: Bool
    /// Whether it had messages before the import.
    let hadMessages: Bool
    /// Its place in lists, where a record says so.
    let activity: Int64?
    /// The last message that the import reached; nil before the first.
    let reached: Int64?
    /// When that was sent.
    let latest: Timestamp?
    /// Its messages without a key that no record has matched yet; nil where none was needed.
    var unmatched: UnmatchedMessages?
}
