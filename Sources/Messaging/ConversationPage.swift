/// A part of a caller's list, all of it read in one snapshot of the store.
public struct ConversationPage: Sendable, Equatable {
    /// The entries, latest activity first.
    public let conversations: [ConversationSummary]
    /// The caller's latest change number in this snapshot; 0 before the first.
    public let latestChange: Int64
    /// The change number to go on from: whoever has this page and all that changed later has missed nothing.
    public let position: Int64
    /// The activity of the last entry, where older entries follow: what to ask for `before`.
    public let olderBefore: Int64?

    /// Puts a page together.
    public init(conversations: [ConversationSummary], latestChange: Int64, position: Int64, olderBefore: Int64?) {
        self.conversations = conversations
        self.latestChange = latestChange
        self.position = position
        self.olderBefore = olderBefore
    }
}
