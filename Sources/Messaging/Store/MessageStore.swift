/// Returns the newest messages of a conversation, as many as the bounds allow, from memory or from `read`.
///
/// The messages that `read` returns may be more than that.
public typealias NewestMessages =
    @Sendable (_ conversation: Conversation, _ bounds: PageBounds, _ read: () throws -> PackedMessages) throws ->
    PackedMessages

/// A durable store of conversations: what a database must provide for Postbox.
///
/// Any thread may call any method. Reads see every commit that was answered before they began. Every method throws
/// ``MessagingError``; reads only ``MessagingError/overloaded`` and ``MessagingError/storeUnavailable(_:)``.
///
/// Change numbers come from one counter of the store. Each change of a conversation takes the next number, so two conversations never
/// share one. A user sees a change where its number is in that user's list.
public protocol MessageStore: Sendable {
    /// The epoch of the store. It changes when the store is restored; where a database server can be replaced while the store is open, as in
    /// a failover, also then. So it is read once for each request.
    var epoch: Epoch { get }

    /// The secret key of all cursors. It never changes, and all nodes that share a store have the same one.
    var cursorKey: CursorKey { get }

    /// Says whether memory may answer polls, where other nodes write to the same store.
    var feedClock: FeedClock { get }

    /// Returns a conversation that the caller takes part in; nil where there is none with this name.
    ///
    /// It takes as long for another user's conversation as for one that does not exist.
    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation?

    /// Returns such a conversation, and asks `newest` for its newest messages before that if it can read them in the same snapshot.
    ///
    /// - Parameters:
    ///   - bounds: the limits of the newest messages.
    ///   - newest: takes what it reads; any thread may call it.
    func conversation(
        _ reference: ConversationReference, of caller: Caller, _ bounds: PageBounds, newest: @escaping NewestMessages
    ) async throws(MessagingError) -> Conversation?

    /// Reads the messages in these slices, each once, ordered by number, and makes an answer of them on the reading thread. So memory
    /// holds at most one page for each read in progress.
    ///
    /// - Parameters:
    ///   - conversation: the state of the conversation for which they are read.
    ///   - tenant: the namespace of the conversation.
    ///   - bounds: the limits of the page. Where there are more messages, the store reads exactly as many as make
    ///     ``PageBounds/areExceeded(by:_:)`` true for the bytes of their contents. Only bounds of a single slice may keep the newest
    ///     messages.
    ///   - make: takes what was read; it must not wait.
    /// - Throws: also ``MessagingError/messagesRemoved`` where messages were removed after that state: an answer would show less than its
    ///   entity tag stands for.
    func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer

    /// Reads an older page from a copy of the database that may lag, and makes an answer of it on the reading thread.
    ///
    /// Messages that were removed after this state of the conversation may be in it.
    ///
    /// - Parameters:
    ///   - conversation: the state of the conversation, which the copy must have too.
    ///   - numbers: the messages of the page, none of them pruned.
    ///   - bounds: the limits of the page, which keeps the newest messages.
    ///   - make: takes what was read; it must not wait. It returns nil where that may not be shown.
    /// - Returns: nil where there is no such copy, or it does not have all of the page: ``messages(in:of:_:_:make:)`` reads it then.
    func messagesFromReplica<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ numbers: ClosedRange<Int64>, _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer?
    ) async -> Answer?

    /// The newest change number of the caller's list; 0 where it is empty.
    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64

    /// Reads a part of the caller's list, and makes an answer of it on the reading thread. So memory holds at most one page for each
    /// read in progress.
    ///
    /// - Parameters:
    ///   - bounds: the limits of the page, in bytes of ``ConversationSummary/leastSize(embedded:)``. The store may read slightly more.
    ///   - embedded: the limits of the newest messages in each entry. They do not depend on the rest of the page, so that an entry
    ///     looks the same in every page. The last message is always read.
    ///   - newest: says what the newest messages of a conversation are; any thread may call it.
    ///   - make: takes what was read; it must not wait.
    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer

    /// Reads one conversation with all its participants, and makes an answer of it on the reading thread; nil where the caller does
    /// not take part.
    ///
    /// - Parameters:
    ///   - conversation: the conversation to read. Everything but its identity is read again.
    ///   - embedded: the limits of the newest messages. The last message is always read.
    ///   - newest: says what the newest messages of a conversation are; any thread may call it.
    ///   - make: takes what was read; it must not wait.
    func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer

    /// Stores a message, opening its conversation where the draft says so; returns once it is on disk.
    ///
    /// - Throws: any ``MessagingError`` but `contentTooLarge` and `invalidReadPosition`; nothing is stored then.
    func send(_ draft: Draft) async throws(MessagingError) -> SentMessage

    /// Moves the caller's read marker forward to `upTo`, or to the last message where that is nil; returns once it is on disk.
    ///
    /// A marker that is already at `upTo` or beyond stays, and nothing changes.
    ///
    /// - Throws: ``MessagingError/conversationNotFound``, ``MessagingError/invalidReadPosition``,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome

    /// Stores the name and company of a user; returns once they are on disk, or at once where nothing is new.
    ///
    /// A name or company that is nil is not changed; an empty one is removed. Where one differs from before, each of the user's
    /// conversations changes for all its participants.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError)

    /// Checks whether the store answers reads and takes writes; nil where it does both, or else the reason.
    ///
    /// Frequent calls are cheap: a call writes only where there was no write for a while.
    func checkReadiness() async -> StoreFault?
}

extension MessageStore {
    /// The clock of a store that no other process writes to: memory may always answer.
    public var feedClock: FeedClock { .alone }

    /// The conversation from a store that reads messages only on their own.
    public func conversation(
        _ reference: ConversationReference, of caller: Caller, _ bounds: PageBounds, newest: @escaping NewestMessages
    ) async throws(MessagingError) -> Conversation? {
        try await conversation(reference, of: caller)
    }

    /// A store without copies of its database.
    public func messagesFromReplica<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ numbers: ClosedRange<Int64>, _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer?
    ) async -> Answer? { nil }

    /// The messages in these slices, each once, ordered by number, at most `limit`, however large they are.
    public func messages(
        in conversation: Conversation, of tenant: TenantID = .none, _ slices: [MessageSlice], limit: Int
    ) async throws(MessagingError) -> PackedMessages {
        try await messages(in: conversation, of: tenant, slices, PageBounds(count: limit, bytes: .max)) {
            $0.prefix(limit)
        }
    }

    /// A part of the caller's list without a limit in bytes, read from the store alone.
    public func conversations(
        of caller: Caller, _ window: ListWindow, limit: Int, messages: Int
    ) async throws(MessagingError) -> ConversationPage {
        try await conversations(
            of: caller, window, PageBounds(count: limit, bytes: .max),
            embedded: PageBounds(count: messages, bytes: .max, kept: .newest), newest: { try $2() }, make: { $0 })
    }
}
