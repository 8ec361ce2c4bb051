/// Gives the newest messages of a conversation as it is, as many as the bounds allow: from memory, or else of those that a read of the
/// store gives it, which may be more.
package typealias NewestMessages =
    @Sendable (_ conversation: Conversation, _ bounds: PageBounds, _ read: () throws -> PackedMessages) throws ->
    PackedMessages

/// A durable store of conversations: what a database must provide for Postbox.
///
/// Any thread may call any method. Reads see every commit that was answered before they began. Every method throws
/// ``MessagingError``; reads only ``MessagingError/overloaded`` and ``MessagingError/storeUnavailable(_:)``.
///
/// Change numbers come from one counter of the store. Each change of one conversation takes the next one, so no two
/// conversations share a number; whose list it is in decides who is told.
package protocol MessageStore: Sendable {
    /// The epoch of the store; it changes only when the store is restored.
    var epoch: Epoch { get }

    /// The secret that cursors are made with; it never changes, and all nodes on one store have the same one.
    var cursorKey: CursorKey { get }

    /// A conversation that the caller takes part in; nil where there is none of that name.
    ///
    /// It takes as long for another user's conversation as for one that does not exist.
    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation?

    /// Reads the messages in these slices, each once, ordered by number, and makes an answer of them where they were read, so that no more
    /// pages are in memory at a time than are read.
    ///
    /// - Parameters:
    ///   - bounds: how much is needed. Where there is more, so much is read that ``PageBounds/areExceeded(by:_:)`` says so of the
    ///     bytes of their contents, and not a message more. Only of a single slice may the newest messages be kept.
    ///   - make: takes what was read; it must not wait.
    func messages<Answer: Sendable>(
        in conversation: Conversation, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer

    /// The newest change number of the caller's list; 0 where it is empty.
    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64

    /// Reads a part of the caller's list, and makes an answer of it where it was read, so that no more pages are in memory at a time than
    /// are read.
    ///
    /// - Parameters:
    ///   - bounds: how much is needed, in bytes of ``ConversationSummary/leastSize(embedded:)``. Of what is more than that, a little may
    ///     be read.
    ///   - embedded: how much of its newest messages an entry has, whatever else is in the page, so that it looks the same in every one. The
    ///     last message is read in any case.
    ///   - newest: says what the newest messages of a conversation are; any thread may call it.
    ///   - make: takes what was read; it must not wait.
    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer

    /// Reads one conversation of the caller's with everybody in it, and makes an answer of it where it was read; nil where the caller does
    /// not take part.
    ///
    /// - Parameters:
    ///   - conversation: as it was found; all but which one it is, is read anew.
    ///   - embedded: how much of its newest messages is needed. The last message is read in any case.
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
    /// A marker that is there already stays where it is, and nothing changes.
    ///
    /// - Throws: ``MessagingError/conversationNotFound``, ``MessagingError/invalidReadPosition``,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome

    /// Stores what is known of a user; returns once it is on disk, or at once where that is nothing new.
    ///
    /// A name or company that is nil stays as it was; an empty one is taken away. Where it differs from before, each of the
    /// user's conversations changes for everybody in it.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError)

    /// Finds out why the store does not answer reads or take writes now; nil where it does both.
    ///
    /// It may be called often: it writes only where no write was made for a while.
    func checkReadiness() async -> StoreFault?
}

extension MessageStore {
    /// The messages in these slices, each once, ordered by number, at most `limit`, however large they are.
    package func messages(
        in conversation: Conversation, _ slices: [MessageSlice], limit: Int
    ) async throws(MessagingError) -> PackedMessages {
        try await messages(in: conversation, slices, PageBounds(count: limit, bytes: .max)) { $0.prefix(limit) }
    }

    /// A part of the caller's list, however large it is, without anything from memory.
    package func conversations(
        of caller: Caller, _ window: ListWindow, limit: Int, messages: Int
    ) async throws(MessagingError) -> ConversationPage {
        try await conversations(
            of: caller, window, PageBounds(count: limit, bytes: .max),
            embedded: PageBounds(count: messages, bytes: .max, kept: .newest), newest: { try $2() }, make: { $0 })
    }
}
