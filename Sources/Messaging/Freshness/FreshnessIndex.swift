import Synchronization

/// The current state of conversations and lists, in memory: an idle poll is answered from here, without disk or database.
///
/// It is filled from the store on first use and kept current by the store's commits. Any thread may use it.
public final class FreshnessIndex: CommitObserver {
    private struct Pair: Hashable {
        let caller: Caller
        let other: UserID
    }

    private let conversations: Mutex<FreshnessTable<ConversationKey, Conversation>>
    private let lists: Mutex<FreshnessTable<Caller, ListFreshness>>
    private let directs: Mutex<LeastRecentlyUsed<Pair, ConversationID>>
    private let recents: Mutex<RecentMessagesTable<ConversationKey>>
    private let resets = Atomic<Int>(0)
    private let removalObservers = Mutex<[@Sendable (Int) -> Void]>([])

    /// The most bytes of messages that are kept, whatever the capacity.
    public static let largestRecents = 16 << 20
    /// The most bytes of the participants of conversations with more than two, whatever the capacity.
    public static let largestGroups = 64 << 20

    /// An empty index that holds at most `capacity` conversations, lists and direct pairs each.
    public init(capacity: Int) {
        conversations = Mutex(
            FreshnessTable(
                capacity: capacity, largestCost: Self.largestGroups, cost: { $0.participants.memory },
                merge: { $0.merged(with: $1) }))
        lists = Mutex(FreshnessTable(capacity: capacity) { $1.change > $0.change ? $1 : nil })
        directs = Mutex(LeastRecentlyUsed(capacity: capacity))
        recents = Mutex(RecentMessagesTable(capacity: capacity, largestCost: Self.largestRecents))
    }

    /// The hit rates of its tables, each under its name.
    public var statistics: [(table: String, TableStatistics)] {
        [
            ("conversations", conversations.withLock { $0.statistics }), ("lists", lists.withLock { $0.statistics }),
            ("directs", directs.withLock { $0.statistics }), ("recents", recents.withLock { $0.statistics }),
        ]
    }

    /// How often messages were dropped, by ``reset()`` or because a commit removed some: what was read from the store before that must
    /// not be kept after it.
    public var generation: Int { resets.load(ordering: .acquiring) }

    /// Registers a function that is called after each removal, with the new ``generation``.
    ///
    /// It has to drop what was read in an earlier generation. It is called before the removal is answered, on any thread, and must not block.
    public func observeRemovals(_ observer: @escaping @Sendable (Int) -> Void) {
        removalObservers.withLock { $0.append(observer) }
    }

    /// Forgets everything, and makes all tokens invalid; any thread may call it.
    ///
    /// A store calls it where it is in another state than the one that memory shows, as after a failover: before it says that a new epoch
    /// has begun, and after its connections to the former state have been given up.
    public func reset() {
        // Under this lock, so that no message of the former state is kept after it.
        recents.withLock { table in
            resets.add(1, ordering: .acquiringAndReleasing)
            table.reset()
        }
        notifyOfRemoval()
        directs.withLock { $0 = LeastRecentlyUsed(capacity: $0.capacity) }
        let conversationExpiries = conversations.withLock { table in
            table.reset()
            return table.takeExpiries()
        }
        let listExpiries = lists.withLock { table in
            table.reset()
            return table.takeExpiries()
        }
        notify(conversationExpiries)
        notify(listExpiries)
    }

    /// The conversation a caller names, if it is in memory; whether they take part is for the caller of this to check.
    public func conversation(_ reference: ConversationReference, of caller: Caller) -> Conversation? {
        let id: ConversationID
        switch reference {
        case .id(let given): id = given
        case .direct(let other):
            guard let known = directs.withLock({ $0.value(for: Pair(caller: caller, other: other)) }) else {
                return nil
            }
            id = known
        }
        return conversations.withLock { $0.value(for: ConversationKey(tenant: caller.tenant, id: id)) }
    }

    /// The conversation a caller names and takes part in, read from the store where it is not in memory; nil where there is
    /// none.
    ///
    /// For a user who does not take part the store is read even if the conversation is in memory: neither the answer nor its
    /// timing may reveal that it exists.
    ///
    /// - Parameter bounds: the limits of its newest messages, which the store is to read at the same time where it can; nil reads none.
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func conversation(
        _ reference: ConversationReference, of caller: Caller, from store: some MessageStore,
        newest bounds: PageBounds? = nil
    ) async throws(MessagingError) -> Conversation? {
        if let known = conversation(reference, of: caller), known.marks(for: caller.user) != nil { return known }
        switch reference {
        case .id(let id):
            let found = try await load(id, of: caller, from: store, newest: bounds)
            return found?.marks(for: caller.user) == nil ? nil : found
        case .direct(let other):
            guard let found = try await store.conversation(reference, of: caller) else { return nil }
            directs.withLock { $0.set(Pair(caller: caller, other: other), to: found.id) }
            return try await conversation(.id(found.id), of: caller, from: store, newest: bounds)
        }
    }

    /// The freshness of a caller's list; nil where it is not in memory.
    public func list(of caller: Caller) -> ListFreshness? {
        lists.withLock { $0.value(for: caller) }
    }

    /// The freshness of a caller's list, read from the store where it is not in memory.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func list(of caller: Caller, from store: some MessageStore) async throws(MessagingError) -> ListFreshness {
        if let known = list(of: caller) { return known }
        lists.withLock { $0.beginLoad(of: caller) }
        var loaded: ListFreshness?
        defer {
            notify(
                lists.withLock { table in
                    table.endLoad(of: caller, with: loaded)
                    return table.takeExpiries()
                })
        }
        let freshness = ListFreshness(change: try await store.latestChange(for: caller))
        loaded = freshness
        return freshness
    }

    /// A token that becomes invalid when the caller's list changes or its entry is evicted; nil where the list in memory is not at this change.
    public func invalidationToken(ofListOf caller: Caller, at change: Int64) -> InvalidationToken? {
        lists.withLock { $0.invalidationToken(for: caller) { $0.change == change } }
    }

    /// A token that becomes invalid when the conversation changes or its entry is evicted; nil where the caller sees other messages or other
    /// marks in the conversation in memory than in this state of it.
    public func invalidationToken(of messages: Conversation, seenBy caller: Caller) -> InvalidationToken? {
        let name = ConversationKey(tenant: caller.tenant, id: messages.id)
        return conversations.withLock { table in
            table.invalidationToken(for: name) { $0.showsTheSameMessages(as: messages, to: caller.user) }
        }
    }

    /// Returns such a token; nil also where the latest change that all participants see is another one, or the caller's marks are not
    /// these. Changed names do not show in read marks.
    ///
    /// - Parameter whole: a state of the conversation; it may have only some of the participants.
    public func invalidationToken(
        of whole: Conversation, seenBy caller: Caller, at marks: ReadMarks
    ) -> InvalidationToken? {
        let name = ConversationKey(tenant: caller.tenant, id: whole.id)
        return conversations.withLock { table in
            table.invalidationToken(for: name) {
                $0.change == whole.change && $0.revision == whole.revision && $0.prunedUpTo == whole.prunedUpTo
                    && $0.marks(for: caller.user) == marks
            }
        }
    }

    /// Keeps the end of the newest page of a caller's list, unless the list has changed since it was read.
    public func remember(_ pageEnd: ListFreshness.PageEnd, at change: Int64, of caller: Caller) {
        lists.withLock { table in
            guard let known = table.value(for: caller), known.change == change else { return }
            table.amend(caller, ListFreshness(change: change, pageEnd: pageEnd, image: known.image))
        }
    }

    /// Keeps the image of the newest change number in the caller's cursors, unless the list has changed.
    public func remember(image: UInt64, of change: Int64, of caller: Caller) {
        lists.withLock { table in
            guard let known = table.value(for: caller), known.change == change else { return }
            table.amend(caller, ListFreshness(change: change, pageEnd: known.pageEnd, image: image))
        }
    }

    /// The first `limit` messages of these slices of a conversation, if all of them are in memory.
    public func messages(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], limit: Int
    ) -> PackedMessages? {
        let name = ConversationKey(tenant: tenant, id: conversation.id)
        return recents.withLock { $0.value(for: name) }?
            .messages(in: slices, limit: limit, at: conversation.revision)
    }

    /// The newest messages of a conversation at a given state, as many as the bounds allow; nil where memory does not have them all.
    public func newest(
        within bounds: PageBounds, in conversation: Conversation, of tenant: TenantID
    ) -> PackedMessages? {
        guard conversation.lastN > conversation.prunedUpTo else { return PackedMessages([]) }
        let name = ConversationKey(tenant: tenant, id: conversation.id)
        return recents.withLock { $0.value(for: name) }?
            .newest(
                within: bounds, after: conversation.prunedUpTo, upTo: conversation.lastN, at: conversation.revision)
    }

    /// For a read of the store that begins after this: the newest messages of conversations, from memory, or else read and kept.
    public func newestMessages(of tenant: TenantID) -> NewestMessages {
        let start = generation
        return { conversation, bounds, read in
            if let known = self.newest(within: bounds, in: conversation, of: tenant) { return known }
            let found = try read()
            self.keep(found, of: conversation, tenant, readIn: start)
            return found.newest(within: bounds)
        }
    }

    /// Keeps the newest messages of a conversation, read from the store. Messages that were committed since the read are detected as
    /// missing when they are needed.
    ///
    /// - Parameter start: the ``generation`` before the read; where it is another one now, nothing is kept.
    public func keep(
        _ messages: PackedMessages, of conversation: Conversation, _ tenant: TenantID, readIn start: Int
    ) {
        recents.withLock { table in
            guard start == generation else { return }
            table.keep(
                messages, at: conversation.revision, for: ConversationKey(tenant: tenant, id: conversation.id))
        }
    }

    /// Applies commits; called by the store before any of their senders is answered. Observers of what they change are notified once all of
    /// it is in memory.
    public func committed(_ commits: [Commit]) {
        // Before the conversations, so that a reader that sees the new state finds the message.
        let isRemoved = recents.withLock { table in
            var isRemoved = false
            for commit in commits {
                let name = ConversationKey(tenant: commit.tenant, id: commit.conversation.id)
                if let message = commit.message { table.append(message, to: name) }
                guard commit.isRemoval else { continue }
                table.drop(name)
                // A read that is going on may have found what was removed.
                resets.add(1, ordering: .acquiringAndReleasing)
                isRemoved = true
            }
            return isRemoved
        }
        if isRemoved { notifyOfRemoval() }
        let conversationExpiries = conversations.withLock { table in
            for commit in commits {
                let name = ConversationKey(tenant: commit.tenant, id: commit.conversation.id)
                table.committed(name, commit.conversation)
            }
            return table.takeExpiries()
        }
        let listExpiries = lists.withLock { table in
            for commit in commits {
                for list in commit.listChanges {
                    table.committed(
                        Caller(tenant: commit.tenant, user: list.user), ListFreshness(change: list.change))
                }
                for user in commit.forgottenLists { table.forget(Caller(tenant: commit.tenant, user: user)) }
            }
            return table.takeExpiries()
        }
        notify(conversationExpiries)
        notify(listExpiries)
    }

    private func notifyOfRemoval() {
        for observer in removalObservers.withLock({ $0 }) { observer(generation) }
    }

    /// Notifies the observers of what became invalid; the caller holds no lock.
    private func notify(_ expiries: [InvalidationToken.Expiry]) {
        for expiry in expiries { expiry.notify() }
    }

    private func load(
        _ id: ConversationID, of caller: Caller, from store: some MessageStore, newest bounds: PageBounds?
    ) async throws(MessagingError) -> Conversation? {
        let name = ConversationKey(tenant: caller.tenant, id: id)
        conversations.withLock { $0.beginLoad(of: name) }
        var loaded: Conversation?
        // Under the conversation's own copy of the id, so that memory has it once.
        defer {
            let kept = ConversationKey(tenant: caller.tenant, id: loaded?.id ?? id)
            notify(
                conversations.withLock { table in
                    table.endLoad(of: kept, with: loaded)
                    return table.takeExpiries()
                })
        }
        if let bounds {
            loaded = try await store.conversation(
                .id(id), of: caller, bounds, newest: newestMessages(of: caller.tenant))
        } else {
            loaded = try await store.conversation(.id(id), of: caller)
        }
        return loaded
    }
}
