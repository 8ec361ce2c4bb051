import Messaging
import Synchronization

/// A cache of the conversations written to last, so that a send costs an insert and an update, and no look-up.
///
/// It holds what is on disk: a transaction adds to it once it is committed. Code that changes conversations outside the writer's
/// transactions must empty it.
final class WriterCache: Sendable {
    /// Larger groups are read each time: few are that large, and a few thousand of them would be a lot of memory.
    private static let largestGroup = 64

    private let entries: Mutex<LeastRecentlyUsed<ConversationKey, CachedConversation>>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        entries = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    func value(for name: ConversationKey) -> CachedConversation? {
        entries.withLock { $0.value(for: name) }
    }

    /// Keeps the state that a transaction committed.
    func keep(_ conversations: [ConversationKey: CachedConversation]) {
        entries.withLock { entries in
            for (name, known) in conversations where known.conversation.participants.count <= Self.largestGroup {
                entries.set(name, to: known)
            }
        }
    }

    /// Empties the cache.
    func empty() {
        entries.withLock { $0 = LeastRecentlyUsed(capacity: capacity) }
    }
}

/// A conversation as the writer caches it between transactions.
struct CachedConversation: Sendable {
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
