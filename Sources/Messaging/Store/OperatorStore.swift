/// What operators' commands do with a store: one that is open in this process, or one that a server has open.
///
/// Any thread may call any method.
public protocol OperatorCommands: RetentionRuleStore {
    /// Opens a conversation, or returns the existing one: the direct one of the pair, or the one with this id; blocks until it is on
    /// disk.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)`` where the id belongs to a conversation with other participants,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    func open(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID

    /// Stores the name and company of a user, as the method of ``MessageStore`` does; blocks until they are on disk.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``. Some of the user's conversations may have
    ///   changed then; the others change with the next call or start.
    func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError)

    /// Stores what is waiting, answers it, and closes the store; blocks until that is done. A second call does nothing.
    func close()
}

/// What a server and its operators do with the store that is open in this process, besides what ``MessageStore`` does for users.
///
/// Any thread may call any method.
public protocol OperatorStore: OperatorCommands {
    /// Whether there is neither a conversation nor a user; blocks while it looks.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    func isEmpty() throws(MessagingError) -> Bool

    /// Imports a history, all of it or nothing; blocks until it is on disk.
    ///
    /// A record that is stored already is skipped, so a repeated import adds nothing. The store must not serve requests meanwhile: no
    /// observer is told, and other writes wait.
    ///
    /// - Parameter next: returns the next record, nil after the last; called on this thread. An error that it throws ends the import and
    ///   is rethrown.
    /// - Throws: ``ImportError`` where the record that came last cannot be imported, what `next` throws, or
    ///   ``MessagingError/storeUnavailable(_:)``.
    @discardableResult
    func importRecords(_ next: () throws -> ImportRecord?) throws -> ImportSummary

    /// Why an operation fails at present; nil where it works. It does not wait.
    func fault(of operation: StoreOperation) -> StoreFault?

    /// How often an operation failed for this reason since the start: transactions, reads or checkpoints, not requests.
    func failures(of operation: StoreOperation, by fault: StoreFault) -> Int
}

/// Removes data from a store.
///
/// Each call makes a number of transactions. Where it ends early, as by an error or because the process was killed, the same call completes
/// what it began. No call begins a new epoch: only the clients that may have seen something that is gone learn of it.
public protocol DataRemover: Sendable {
    /// Erases the name and company of a user, and the content of the messages they wrote; blocks.
    ///
    /// The messages stay, with their numbers, times and keys: a message that the user's device sends again must not come back. The user's id
    /// stays where they take part.
    ///
    /// - Parameter afterStep: called after each transaction, on this thread; what it throws ends the call and is thrown on.
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    func erase(_ user: UserID, tenant: TenantID, afterStep: (RemovalProgress) throws -> Void) throws -> Int?

    /// Erases the content of one message, which stays with its number, time and key; blocks.
    ///
    /// - Returns: whether it had content; nil where there is no such message.
    func erase(_ message: MessageID, tenant: TenantID) throws -> Bool?

    /// Removes the messages that were sent before a moment; blocks.
    ///
    /// The moment is stored where anything was removed, so that no import brings that back. Numbers go on where they were, and have no gaps:
    /// what is old goes from the beginning up to the first message that is not old. One that stands behind that, because a clock was wrong or
    /// a history came in late, loses its content instead.
    ///
    /// - Parameter afterStep: called after each transaction, on this thread; what it throws ends the call and is thrown on.
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist, and nothing was removed then; the store's
    ///   own errors.
    func prune(
        _ scope: PruneScope, before moment: Timestamp, afterStep: (RemovalProgress) throws -> Void
    ) throws -> PruneSummary

    /// Leaves no trace of what was removed where the store keeps its data; blocks.
    func compact() throws

    /// Closes the store; a second call does nothing.
    func close()
}

extension DataRemover {
    /// Erases what is known of a user without a word about its steps; blocks.
    public func erase(_ user: UserID, tenant: TenantID) throws -> Int? {
        try erase(user, tenant: tenant) { _ in }
    }

    /// Removes the messages that were sent before a moment without a word about its steps; blocks.
    public func prune(_ scope: PruneScope, before moment: Timestamp) throws -> PruneSummary {
        try prune(scope, before: moment) { _ in }
    }
}

/// How far a removal is after one of its steps.
public struct RemovalProgress: Sendable, Equatable {
    /// How many messages were removed or lost their content so far.
    public var messages: Int
    /// How long other writes had to wait for the step.
    public var held: Duration

    /// Creates a progress.
    public init(messages: Int, held: Duration) {
        self.messages = messages
        self.held = held
    }
}

/// Looks at a store, whether it is served meanwhile or not.
public protocol DataReader: Sendable {
    /// Exports a consistent snapshot as records that can be imported. Blocks.
    ///
    /// - Parameters:
    ///   - owner: the user to export what they can see: their name, the conversations that they take part in with all messages, the names of
    ///     the others there, and their own read markers. Nil for all users' data.
    ///   - take: takes a record. What it throws ends the export and is thrown on.
    func export(of owner: Caller?, _ take: (ImportRecord) throws -> Void) throws
}

extension DataReader {
    /// Exports a consistent snapshot of all users' data as records that can be imported. Blocks.
    ///
    /// - Parameter take: takes a record. What it throws ends the export and is thrown on.
    public func export(_ take: (ImportRecord) throws -> Void) throws {
        try export(of: nil, take)
    }
}

/// Which conversations to prune.
public enum PruneScope: Sendable, Equatable {
    /// Every conversation of every tenant.
    case everything
    /// Every conversation of a tenant.
    case tenant(TenantID)
    /// These conversations of a tenant.
    case conversations([ConversationID], TenantID)
}

/// The result of pruning.
public struct PruneSummary: Sendable, Equatable {
    /// How many messages are gone.
    public var removed = 0
    /// How many messages lost their content and kept their place, because a newer one stands before them.
    public var emptied = 0

    /// Nothing so far.
    public init() {}

    /// Adds the result of another step.
    public static func += (sum: inout PruneSummary, step: PruneSummary) {
        sum.removed += step.removed
        sum.emptied += step.emptied
    }
}

/// The result of a check of a database.
public struct CheckReport: Sendable {
    /// A violation of an invariant.
    public struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// The name of the invariant.
        public let invariant: String
        /// The violation and its first occurrence; a sentence.
        public let sentence: String

        /// Creates a fault.
        public init(invariant: String, sentence: String) {
            self.invariant = invariant
            self.sentence = sentence
        }

        /// Both in one line.
        public var description: String { "\(invariant): \(sentence)" }
    }

    /// The violations; empty for a sound database.
    public var faults: [Fault]
    /// How many conversations there are.
    public var conversations = 0
    /// How many messages there are.
    public var messages = 0

    /// Creates a check report.
    public init(faults: [Fault] = []) {
        self.faults = faults
    }
}
