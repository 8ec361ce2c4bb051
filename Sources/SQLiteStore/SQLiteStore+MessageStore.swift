import GRDB
import Messaging
import StoreWork

extension SQLiteStore: MessageStore {
    /// Returns a conversation that the caller takes part in; nil where there is none with this name.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        try await read { try StoredConversations(db: $0).findOwn(reference, of: caller)?.conversation }
    }

    /// Returns such a conversation after `newest` was asked for its newest messages.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func conversation(
        _ reference: ConversationReference, of caller: Caller, _ bounds: PageBounds, newest: @escaping NewestMessages
    ) async throws(MessagingError) -> Conversation? {
        try await read { db in
            guard let found = try StoredConversations(db: db).findOwn(reference, of: caller)?.conversation else {
                return nil
            }
            guard found.lastN > found.prunedUpTo else { return found }
            let messages = StoredMessages(db: db, key: found.key)
            _ = try newest(found, bounds) { try messages.newest(bounds, upTo: found.lastN) }
            return found
        }
    }

    /// Reads the messages in these slices, each once, ordered by number, and makes an answer of them on the same thread.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer {
        let found = try await read(
            { db -> PackedMessages? in
                guard try StoredConversations(db: db).hasAllMessages(of: conversation) else { return nil }
                let messages = StoredMessages(db: db, key: conversation.key)
                if slices.count == 1 { return try messages.messages(of: slices[0], bounds) }
                // Each slice that is cut exceeds the bounds by itself, so its missing messages would come after the cut of the answer.
                let all: [Message] = try slices.flatMap { try messages.messages(of: $0, bounds) }
                var size = 0
                let sorted = all.sorted { $0.n < $1.n }
                let isEnough = sorted.indices.first { place in
                    size += sorted[place].content.utf8.count
                    return bounds.areExceeded(by: place + 1, size)
                }
                return PackedMessages(sorted.prefix((isEnough ?? sorted.count - 1) + 1))
            }, make: { $0.map(make) })
        guard let found else { throw .messagesRemoved }
        return found
    }

    /// The newest change number of the caller's list; 0 where it is empty.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        try await read { try ConversationList(db: $0, caller: caller) { try $2() }.latestChange() }
    }

    /// Reads a part of the caller's list, and makes an answer of it on the same thread.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        try await read(
            { db in
                try ConversationList(db: db, caller: caller, newest: newest).page(window, bounds, embedded: embedded)
            }, make: make)
    }

    /// Reads one conversation with all its participants, and makes an answer of it on the same thread.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        try await read(
            { db in
                try ConversationList(db: db, caller: caller, newest: newest).entry(
                    conversation.key, embedded: embedded)
            }, make: make)
    }

    /// Stores a message, opening its conversation where the draft says so; returns once it is on disk.
    ///
    /// - Throws: any ``MessagingError`` but `contentTooLarge` and `invalidReadPosition`; nothing is stored then.
    public func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        try await writer.perform { try $0.send(draft) }
    }

    /// Moves the caller's read marker forward to `upTo`, or to the last message where that is nil; returns once it is on disk.
    ///
    /// - Throws: ``MessagingError/conversationNotFound``, ``MessagingError/invalidReadPosition``,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome {
        try await writer.perform { try $0.markRead(conversation, upTo: upTo, by: caller) }
    }

    /// Reads in one snapshot, on a thread of the read queue.
    func read<Found: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Found
    ) async throws(MessagingError) -> Found {
        try await read(body) { $0 }
    }

    /// Reads in one snapshot, and makes an answer on the same thread after the snapshot has ended.
    func read<Found, Answer: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Found, make: @escaping @Sendable (Found) -> Answer
    ) async throws(MessagingError) -> Answer {
        let result = await readQueue.perform { [health] reader in
            do {
                let found = try reader.unsafeRead { db in
                    do { return try db.inSnapshot { try body(db) } } catch { throw StoreFailure(error, on: db) }
                }
                health.succeeded(.read)
                return make(found)
            } catch {
                let failure = StoreFailure(error)
                health.failed(.read, failure)
                throw MessagingError.storeUnavailable(failure.cause)
            }
        }
        switch result {
        case .success(let answer): return answer
        case .failure(let error as MessagingError):
            if error == .overloaded, readQueue.isStalled { health.failed(.read, StoreFailure(.stalled)) }
            throw error
        case .failure(let error): throw .storeUnavailable(String(describing: error))
        }
    }
}
