/// The changes of one committed write, for caches in memory.
package struct Commit: Sendable, Equatable {
    /// The newest change number of one caller's list.
    package struct ListChange: Sendable, Equatable {
        /// The owner of the list.
        package let user: UserID
        /// Its new latest change.
        package let change: Int64

        package init(user: UserID, change: Int64) {
            self.user = user
            self.change = change
        }
    }

    /// The namespace of the ids below.
    package let tenant: TenantID
    /// The conversation as it is now.
    package let conversation: Conversation
    /// The users whose lists changed with it.
    package let listChanges: [ListChange]
    /// The message that was stored, where it is one.
    package let message: Message?

    package init(
        tenant: TenantID, conversation: Conversation, listChanges: [ListChange], message: Message? = nil
    ) {
        self.tenant = tenant
        self.conversation = conversation
        self.listChanges = listChanges
        self.message = message
    }
}

/// An observer that is told of each commit before its sender is answered.
package protocol CommitObserver: Sendable {
    /// Receives commits in order, on the store's one writer thread, before any of the callers is answered.
    func committed(_ commits: [Commit])
}
