/// What operators do with a store, besides what ``MessageStore`` does for users.
///
/// Any thread may call any method.
public protocol OperatorStore: Sendable {
    /// Opens a conversation, or finds the one that is meant: the direct one of the pair, or the one with this id; blocks until it is on disk.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)`` where the id belongs to a conversation with other participants,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func open(
        _ opening: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID

    /// Stores what is known of a user, as the method of ``MessageStore`` does; blocks until it is on disk.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError)

    /// Whether there is neither a conversation nor a user; blocks while it looks.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    func isEmpty() throws(MessagingError) -> Bool

    /// Imports a history, all of it or nothing; blocks until it is on disk.
    ///
    /// A record that is there already is skipped. The store must not be served meanwhile: no observer is told.
    ///
    /// - Parameters:
    ///   - interval: after how many records `progress` is called, each time with the number taken so far.
    ///   - progress: called on this thread.
    ///   - next: the next record; nil after the last. What it throws ends the import and is thrown on.
    /// - Throws: ``ImportError`` where the record that came last cannot be imported, what `next` throws, or
    ///   ``MessagingError/storeUnavailable(_:)``.
    @discardableResult
    func importRecords(
        progressEvery interval: Int, progress: (Int) -> Void, _ next: () throws -> ImportRecord?
    ) throws -> ImportSummary

    /// Why an operation fails at present; nil where it works. It does not wait.
    func fault(of operation: StoreOperation) -> StoreFault?

    /// How often an operation failed for this reason since the start: transactions, reads or checkpoints, not requests.
    func failures(of operation: StoreOperation, by fault: StoreFault) -> Int

    /// Stores what is waiting, answers it, and closes the store; blocks until that is done. A second call does nothing.
    func close()
}

extension OperatorStore {
    /// Imports a history, and calls `progress` after every 10,000 records.
    @discardableResult
    public func importRecords(
        progress: (Int) -> Void = { _ in }, _ next: () throws -> ImportRecord?
    ) throws -> ImportSummary {
        try importRecords(progressEvery: 10_000, progress: progress, next)
    }
}

/// Takes data away from a store that nobody serves meanwhile.
///
/// Where anything was taken away, a new epoch begins: every client fetches anew.
public protocol DataRemover: Sendable {
    /// Takes away what is known of a user and the content of what they wrote; blocks.
    ///
    /// - Parameter random: what a new epoch is made of.
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    func erase(_ user: UserID, tenant: TenantID, random: UInt64) throws -> Int?

    /// Takes away the messages that were sent before a moment; blocks.
    ///
    /// - Parameter random: what a new epoch is made of.
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist; the store's own errors.
    func prune(_ scope: PruneScope, before moment: Timestamp, random: UInt64) throws -> PruneSummary

    /// Leaves no trace of what was taken away where the store keeps its data; blocks.
    func compact() throws

    /// Closes the store; a second call does nothing.
    func close()
}

extension DataRemover {
    /// Takes away what is known of a user and the content of what they wrote; blocks.
    public func erase(_ user: UserID, tenant: TenantID) throws -> Int? {
        try erase(user, tenant: tenant, random: .random(in: .min ... .max))
    }

    /// Takes away the messages that were sent before a moment; blocks.
    public func prune(_ scope: PruneScope, before moment: Timestamp) throws -> PruneSummary {
        try prune(scope, before: moment, random: .random(in: .min ... .max))
    }
}

/// Looks at a store, whether it is served meanwhile or not.
public protocol DataReader: Sendable {
    /// Hands out everything that users can see, as it is at one moment, in records that an import makes the same of; blocks.
    ///
    /// - Parameter take: takes a record. What it throws ends the export and is thrown on.
    func export(_ take: (ImportRecord) throws -> Void) throws
}
