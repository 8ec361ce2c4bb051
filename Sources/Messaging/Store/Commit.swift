/// The changes of one committed write, for caches in memory.
public struct Commit: Sendable, Equatable {
    /// The newest change number of one caller's list.
    public struct ListChange: Sendable, Equatable {
        /// The owner of the list.
        public let user: UserID
        /// Its new latest change.
        public let change: Int64

        /// Creates a list change.
        public init(user: UserID, change: Int64) {
            self.user = user
            self.change = change
        }
    }

    /// The namespace of the ids below.
    public let tenant: TenantID
    /// The conversation as it is now; or, from a feed, what the commit made of it, with 0 for all else.
    public let conversation: Conversation
    /// The users whose lists changed with it.
    public let listChanges: [ListChange]
    /// The users whose lists may have changed, where it is not known which did.
    public let forgottenLists: [UserID]
    /// The message that was stored, where it is one.
    public let message: Message?
    /// Whether messages of the conversation, their contents or the name of a participant were removed, so that no cache may keep them.
    public let isRemoval: Bool

    /// Creates a commit.
    public init(
        tenant: TenantID, conversation: Conversation, listChanges: [ListChange], forgottenLists: [UserID] = [],
        message: Message? = nil, isRemoval: Bool = false
    ) {
        self.tenant = tenant
        self.conversation = conversation
        self.listChanges = listChanges
        self.forgottenLists = forgottenLists
        self.message = message
        self.isRemoval = isRemoval
    }
}

/// An observer that is told of each commit before its sender is answered.
public protocol CommitObserver: Sendable {
    /// Receives commits in order, on one thread of the store, before any of the callers is answered. Where several nodes share a store, a
    /// commit may come twice.
    func committed(_ commits: [Commit])

    /// Forgets everything that it was told: the store is in another state, as after a failover. On any thread.
    func reset()
}

/// One transaction of the writer, once it is on disk.
public struct GroupCommit: Sendable {
    /// How many writes it took.
    public let writes: Int
    /// How long all of it took, in seconds.
    public let seconds: Double
    /// How much of that was the commit itself, which writes and syncs, in seconds.
    public let syncSeconds: Double

    /// Creates a group commit.
    public init(writes: Int, seconds: Double, syncSeconds: Double) {
        self.writes = writes
        self.seconds = seconds
        self.syncSeconds = syncSeconds
    }
}
