import Messaging

/// A conversation as the writer knows it from one transaction to the next.
struct CachedConversation: Sendable {
    /// Which one it is.
    struct Name: Hashable, Sendable {
        let tenant: TenantID
        let id: ConversationID
    }

    var conversation: Conversation
    /// How many of the participants' rows have a copy of its activity.
    let activityCopies: Int
    /// How many messages each participant has written, in their order; nil where that has not been read.
    private var counts: [Int64?]

    init(_ conversation: Conversation, activityCopies: Int) {
        self.conversation = conversation
        self.activityCopies = activityCopies
        counts = Array(repeating: nil, count: conversation.participants.count)
    }

    /// Counts a message of the participant at this place, after `before` earlier ones where that is not known yet.
    mutating func count(_ place: Int, after before: () throws -> Int64) rethrows -> Int64 {
        let count = try (counts[place] ?? before()) + 1
        counts[place] = count
        return count
    }
}
