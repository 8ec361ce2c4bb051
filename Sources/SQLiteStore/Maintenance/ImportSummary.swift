/// What an import did.
public struct ImportSummary: Sendable, Equatable {
    /// How many records it read.
    public internal(set) var records = 0
    /// How many users it stored, new ones and changed ones.
    public internal(set) var people = 0
    /// How many conversations it opened.
    public internal(set) var conversations = 0
    /// How many messages it stored.
    public internal(set) var messages = 0
    /// How many messages it left out, because prune has taken away what was sent before or at their time in their conversation.
    public internal(set) var pruned = 0
    /// How many read markers it moved.
    public internal(set) var readMarkers = 0
    /// How many records were there already.
    public internal(set) var skipped = 0
}
