/// A part of a caller's list, all of it read in one snapshot of the store.
public struct ConversationPage: Sendable, Equatable {
    /// The entries, latest activity first.
    public let conversations: [ConversationSummary]
    /// The caller's latest change number in this snapshot; 0 before the first.
    public let latestChange: Int64
    /// The change number to continue from: a client with this page and all later changes has missed nothing.
    public let position: Int64
    /// The activity of the last entry, where older entries follow: what to ask for `before`.
    public let olderBefore: Int64?

    /// Creates a conversation page.
    public init(conversations: [ConversationSummary], latestChange: Int64, position: Int64, olderBefore: Int64?) {
        self.conversations = conversations
        self.latestChange = latestChange
        self.position = position
        self.olderBefore = olderBefore
    }

    /// The entries in the order in which they are kept where not all fit. A delta loses those that changed last: a client that follows its
    /// position gets them next. Any other page loses those with the oldest activity.
    public func inOrderOfNeed(_ window: ListWindow) -> [ConversationSummary] {
        guard case .since = window else { return conversations }
        return conversations.sorted { $0.change < $1.change }
    }

    /// The page with only the first entries of that order, at least one.
    public func cut(to count: Int, _ window: ListWindow) -> ConversationPage {
        guard count < conversations.count else { return self }
        let kept = inOrderOfNeed(window).prefix(count)
        var (position, olderBefore) = (position, olderBefore)
        if case .since = window {
            position = kept.last?.change ?? position
        } else {
            olderBefore = kept.last?.activity ?? olderBefore
        }
        return ConversationPage(
            conversations: kept.sorted { $0.activity > $1.activity }, latestChange: latestChange, position: position,
            olderBefore: olderBefore)
    }

    /// The newest page at the end of a delta that begins where this newest page was read: the same as a newest page that is read then. Nil
    /// where the delta does not have all changes.
    ///
    /// A conversation stays in a list for ever, and without a change it keeps its activity. So whatever is in the later page is here or in
    /// the delta.
    ///
    /// - Parameter limit: the most entries, here and there.
    public func merged(with delta: ConversationPage, limit: Int) -> ConversationPage? {
        guard delta.position == delta.latestChange else { return nil }
        let changed = Set(delta.conversations.map(\.conversation.key))
        let all = conversations.filter { !changed.contains($0.conversation.key) } + delta.conversations
        let kept = all.sorted { $0.activity > $1.activity }.prefix(limit)
        let isCut = olderBefore != nil || kept.count < all.count
        return ConversationPage(
            conversations: Array(kept), latestChange: delta.latestChange, position: delta.position,
            olderBefore: isCut ? kept.last?.activity : nil)
    }
}

/// Which conversations of a caller's list a `GET` asks for.
public enum ListWindow: Equatable, Sendable {
    /// The conversations with the latest activity.
    case newest
    /// The conversations whose latest activity comes before this change number, latest first.
    case before(Int64)
    /// The conversations that changed after this change number; where they do not all fit, the ones that changed first.
    case since(Int64)
}
