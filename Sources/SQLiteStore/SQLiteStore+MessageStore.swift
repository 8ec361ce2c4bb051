import GRDB
import Messaging

extension SQLiteStore: MessageStore {
    /// A conversation that the caller takes part in; nil where there is none of that name.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        try await read { try StoredConversations(db: $0).findOwn(reference, of: caller) }
    }

    /// The messages in these slices, each once, ordered by number, at most `limit`.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func messages(
        in conversation: Conversation, _ slices: [MessageSlice], limit: Int
    ) async throws(MessagingError) -> PackedMessages {
        try await read { db in
            let messages = StoredMessages(db: db, key: conversation.key)
            if slices.count == 1 { return try messages.first(limit, of: slices[0]) }
            let all: [Message] = try slices.flatMap { try messages.first(limit, of: $0) }
            return PackedMessages(all.sorted { $0.n < $1.n }.prefix(limit))
        }
    }

    /// The newest change number of the caller's list; 0 where it is empty.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        try await read { try ConversationList(db: $0, caller: caller) { try $2() }.latestChange() }
    }

    /// A part of the caller's list: at most `limit` entries with at most `messages` (but at least one) of their newest messages.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    public func conversations(
        of caller: Caller, _ window: ListWindow, limit: Int, messages: Int,
        newest: @escaping NewestMessages
    ) async throws(MessagingError) -> ConversationPage {
        try await read { db in
            try ConversationList(db: db, caller: caller, newest: newest).page(window, limit: limit, messages: messages)
        }
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
    func read<Answer: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Answer
    ) async throws(MessagingError) -> Answer {
        let result = await readQueue.perform { [pool, health] in
            do {
                let answer = try pool.read { db in
                    do { return try body(db) } catch { throw StoreFailure(error, on: db) }
                }
                health.succeeded(.read)
                return answer
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
