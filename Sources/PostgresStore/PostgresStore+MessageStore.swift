import Messaging
import StoreWork

extension PostgresStore: MessageStore {
    /// Says whether memory may answer polls: always while there is no other node, and else for a while after a look at the feed.
    public var feedClock: FeedClock { membership.clock }

    /// The epoch: it changes when the database is restored or promoted, also while the store is open.
    public var epoch: Epoch { serving.epoch }

    /// Returns a conversation that the caller takes part in; nil where there is none with this name.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        try await read { connection, _ in
            try ConversationReader(connection: connection).conversation(reference, of: caller)
        }
    }

    /// Reads the messages in these slices, each once, ordered by number, and makes an answer of them on the same thread.
    ///
    /// - Throws: ``MessagingError/messagesRemoved``, ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer {
        let answer = try await read(
            { connection, _ in
                try ConversationReader(connection: connection).messages(of: conversation, in: tenant, slices, bounds)
            }, make: { $0.map(make) })
        guard let answer else { throw .messagesRemoved }
        return answer
    }

    /// The newest change number of the caller's list; 0 where it is empty.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        try await read { connection, check in
            try ListReader(connection: connection, caller: caller, newest: { try $2() }, check: check).latestChange()
        }
    }

    /// Reads a part of the caller's list, and makes an answer of it on the same thread.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        try await read(
            { connection, check in
                try ListReader(connection: connection, caller: caller, newest: newest, check: check)
                    .page(window, bounds, embedded: embedded)
            }, make: make)
    }

    /// Reads one conversation with all its participants, and makes an answer of it on the same thread.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        try await read(
            { connection, check in
                try ListReader(connection: connection, caller: caller, newest: newest, check: check)
                    .entry(conversation.key, embedded: embedded)
            }, make: make)
    }

    /// Stores a message, opening its conversation where the draft says so; returns once it is durable.
    ///
    /// - Throws: any ``MessagingError`` but `contentTooLarge` and `invalidReadPosition`. After
    ///   ``MessagingError/storeUnavailable(_:)`` it may have been stored all the same; its key settles it.
    public func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        try await writer.perform { .send(draft, $0) }
    }

    /// Moves the caller's read marker forward to `upTo`, or to the last message where that is nil; returns once it is durable.
    ///
    /// - Throws: ``MessagingError/conversationNotFound``, ``MessagingError/invalidReadPosition``,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome {
        try await writer.perform { .markRead(conversation, upTo: upTo, caller, $0) }
    }

    /// Stores the name and company of a user, a step for each group of conversations. U+0000 is removed from the texts.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try await writer.perform { .rename(person, tenant, number: number, $0) }
        }
    }
}

extension PostgresStore {
    /// Reads on a thread and a connection of the read queue.
    ///
    /// - Parameter body: what to read. It may be called again, on another connection; it calls its second argument before something that was
    ///   read is kept anywhere.
    func read<Found: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection, @escaping () throws(PostgresError) -> Void) throws -> Found
    ) async throws(MessagingError) -> Found {
        try await read(body) { $0 }
    }

    /// Reads, and makes an answer on the same thread.
    func read<Found, Answer: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection, @escaping () throws(PostgresError) -> Void) throws -> Found,
        make: @escaping @Sendable (Found) -> Answer
    ) async throws(MessagingError) -> Answer {
        for _ in 1..<Self.attempts {
            let (answer, generation) = try await readOnce(body, make: make)
            if try await isConfirmed(since: generation) { return answer }
        }
        let (answer, generation) = try await readOnce(body, make: make)
        guard try await isConfirmed(since: generation) else {
            throw .storeUnavailable(PostgresError.otherEpoch.description)
        }
        return answer
    }

    /// Whether what was read may be answered: where there are other nodes and standbys, only once a look that began later has shown that
    /// the server is no former primary, and a standby has all that was read.
    private func isConfirmed(since generation: Int) async throws(MessagingError) -> Bool {
        guard serving.isReplicated, feedClock.hasOtherNodes else { return true }
        guard await feedClock.nextLook(within: Self.longestConfirmation) else {
            throw .storeUnavailable(PostgresError.noStandby.description)
        }
        return serving.generation == generation
    }

    /// How long to wait for a look after a read.
    private static let longestConfirmation = Duration.seconds(1)

    /// Reads, and makes an answer on the same thread; returns also the generation that it is of.
    private func readOnce<Found, Answer: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection, @escaping () throws(PostgresError) -> Void) throws -> Found,
        make: @escaping @Sendable (Found) -> Answer
    ) async throws(MessagingError) -> (Answer, generation: Int) {
        let result = await readQueue.perform { [serving, clock = feedClock, health] (reader: inout ReaderConnection) in
            do {
                let (found, generation) = try Self.found(body, reader, serving, clock)
                health.succeeded(.read)
                return (make(found), generation)
            } catch {
                let error = error as? PostgresError ?? .malformed(String(describing: error))
                health.failed(.read, StoreFailure(error.fault, error.description))
                throw MessagingError.storeUnavailable(error.description)
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

    /// How often a read is tried: a connection may have been closed by the server since the last read, and an epoch may begin meanwhile.
    private static let attempts = 3

    private static func found<Found>(
        _ body: (PostgresConnection, @escaping () throws(PostgresError) -> Void) throws -> Found,
        _ reader: ReaderConnection,
        _ serving: ServingState, _ clock: FeedClock
    ) throws -> (Found, generation: Int) {
        var attempt = 1
        while true {
            do {
                return try found(once: body, reader, serving, clock)
            } catch let error as PostgresError where error.mayPass && attempt < attempts {
                attempt += 1
            }
        }
    }

    /// Reads once. What a change of the epoch or the loss of the lease has overtaken is not answered.
    private static func found<Found>(
        once body: (PostgresConnection, @escaping () throws(PostgresError) -> Void) throws -> Found,
        _ reader: ReaderConnection,
        _ serving: ServingState, _ clock: FeedClock
    ) throws -> (Found, generation: Int) {
        let generation = serving.generation
        let connection = try reader.ready(in: serving.expected)
        guard clock.hasLease else { throw PostgresError.noLease }
        func check() throws(PostgresError) {
            // Behind a pooler, each statement may go to another server than the one before.
            if !connection.isDirect { try reader.checkHistory(serving.expected) }
            guard serving.generation == generation else { throw .otherEpoch }
        }
        let found = try body(connection, check)
        try check()
        guard clock.hasLease else { throw PostgresError.noLease }
        return (found, generation)
    }
}

extension PostgresError {
    /// Whether the same read may succeed at once: on a new connection, or in a new epoch.
    fileprivate var mayPass: Bool {
        switch self {
        case .unreachable, .otherEpoch: true
        case .refused(let sqlState, _): sqlState.hasPrefix("57P") || sqlState == "40001"
        default: false
        }
    }
}
