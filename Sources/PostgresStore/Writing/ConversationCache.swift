import Messaging

/// A cache of the conversations written to last, so that a send costs no look-up.
///
/// It belongs to the writer thread. It holds what this process has committed. While that is the only one, this is how the conversations are;
/// beside other nodes it serves for what never changes, such as who takes part. It is emptied when the one becomes the other.
final class ConversationCache {
    /// The direct conversation of two users, the lower id first.
    struct Pair: Hashable {
        let tenant: TenantID
        let low: UserID
        let high: UserID

        init(_ one: UserID, _ other: UserID, tenant: TenantID) {
            self.tenant = tenant
            (low, high) = one < other ? (one, other) : (other, one)
        }
    }

    /// Larger groups are read each time: few are that large, and a few thousand of them would be a lot of memory.
    private static let largestGroup = 64
    private static let capacity = 8192

    private var conversations = LeastRecentlyUsed<ConversationKey, Conversation>(capacity: capacity)
    private var directs = LeastRecentlyUsed<Pair, ConversationID>(capacity: capacity)

    func conversation(_ name: ConversationKey) -> Conversation? { conversations.value(for: name) }

    func direct(_ pair: Pair) -> ConversationID? { directs.value(for: pair) }

    /// Keeps what was committed.
    func keep(_ states: [ConversationKey: Conversation], _ pairs: [Pair: ConversationID]) {
        for (name, conversation) in states where conversation.participants.count <= Self.largestGroup {
            conversations.set(name, to: conversation)
        }
        for (pair, id) in pairs { directs.set(pair, to: id) }
    }

    /// Records a changed name in a conversation that is kept.
    func rename(_ name: ConversationKey, change: Int64) {
        conversations.update(name) { $0.change = max($0.change, change) }
    }
}
