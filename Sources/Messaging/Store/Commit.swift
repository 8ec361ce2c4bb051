/// What one committed write changed, for whoever keeps a picture of the store in memory.
public struct Commit: Sendable, Equatable {
    /// The newest change number of one caller's list.
    public struct ListChange: Sendable, Equatable {
        /// Whose list.
        public let user: UserID
        /// Its new latest change.
        public let change: Int64

        /// Puts a change together.
        public init(user: UserID, change: Int64) {
            self.user = user
            self.change = change
        }
    }

    /// The namespace of the ids below.
    public let tenant: TenantID
    /// The conversation as it is now.
    public let conversation: Conversation
    /// Everybody whose list changed with it.
    public let listChanges: [ListChange]
    /// The message that was stored, where it is one.
    public let message: Message?

    /// Puts a commit together.
    public init(
        tenant: TenantID, conversation: Conversation, listChanges: [ListChange], message: Message? = nil
    ) {
        self.tenant = tenant
        self.conversation = conversation
        self.listChanges = listChanges
        self.message = message
    }
}

/// Whoever must know of a commit before its sender does.
public protocol CommitObserver: Sendable {
    /// Takes note of commits, in their order; called on the store's one writer thread, before any of the callers is answered.
    func committed(_ commits: [Commit])
}
