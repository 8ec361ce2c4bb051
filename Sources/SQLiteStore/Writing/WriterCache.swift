import Messaging
import Synchronization

/// The conversations written to last, so that a send costs an insert and an update, and no look-up.
///
/// It shows what is on disk: a transaction adds to it once it is committed. Who changes conversations past the writer's transactions
/// must empty it.
final class WriterCache: Sendable {
    /// Larger groups are read each time: few are that large, and a few thousand of them would be a lot of memory.
    private static let largestGroup = 64

    private let entries: Mutex<LeastRecentlyUsed<CachedConversation.Name, CachedConversation>>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        entries = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    func value(for name: CachedConversation.Name) -> CachedConversation? {
        entries.withLock { $0.value(for: name) }
    }

    /// Takes what a transaction has come to.
    func keep(_ conversations: [CachedConversation.Name: CachedConversation]) {
        entries.withLock { entries in
            for (name, known) in conversations where known.conversation.participants.count <= Self.largestGroup {
                entries.set(name, to: known)
            }
        }
    }

    /// Forgets everything.
    func empty() {
        entries.withLock { $0 = LeastRecentlyUsed(capacity: capacity) }
    }
}
