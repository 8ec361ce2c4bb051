import GRDB
import Messaging
import StoreWork

/// A transaction of the writer in which commands run one after the other.
///
/// It belongs to the thread that runs it.
final class WriteTransaction {
    /// Thrown where a command failed after it had written something, in a transaction without savepoints: nothing of the
    /// transaction can be kept, but with savepoints the others' commands can be done again.
    struct NeedsSavepoints: Error {}

    let db: Database
    /// What the commands changed so far, in order.
    private(set) var commits: [Commit] = []
    private var lastChange: Int64
    private let firstChange: Int64
    private let cache: WriterCache
    let bounds: StoreBounds
    private let hasSavepoints: Bool
    private var isCacheStale = false
    private var conversationsRead: [ConversationKey: CachedConversation] = [:]

    /// - Parameter hasSavepoints: whether a command that fails may have written something before.
    init(_ db: Database, cache: WriterCache, bounds: StoreBounds, hasSavepoints: Bool) throws {
        self.db = db
        self.cache = cache
        self.bounds = bounds
        self.hasSavepoints = hasSavepoints
        let statement = try db.cachedStatement(sql: "SELECT value FROM store WHERE key = 'change'")
        guard let change = try Int64.fetchOne(statement) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the change counter is missing")
        }
        firstChange = change
        lastChange = change
    }

    var conversations: StoredConversations { StoredConversations(db: db) }

    var longLists: LongLists { LongLists(db: db, bounds: bounds) }

    var participants: StoredParticipants { StoredParticipants(db: db) }

    func messages(in conversation: Conversation) -> StoredMessages {
        StoredMessages(db: db, key: conversation.key)
    }

    /// Returns a conversation that the caller takes part in; nil where there is none with this name.
    ///
    /// For other users the database is read even if the conversation is in memory, as for a conversation that does not exist: the time
    /// must not reveal that it exists.
    func find(_ reference: ConversationReference, of caller: Caller) throws -> CachedConversation? {
        if case .id(let id) = reference {
            if let found = cached(id, tenant: caller.tenant),
                found.conversation.participants.place(of: caller.user) != nil
            {
                return found
            }
            return try conversations.findOwn(reference, of: caller)
        }
        guard let found = try conversations.findOwn(reference, of: caller) else { return nil }
        return cached(found.conversation.id, tenant: caller.tenant) ?? found
    }

    private func cached(_ id: ConversationID, tenant: TenantID) -> CachedConversation? {
        let name = ConversationKey(tenant: tenant, id: id)
        return conversationsRead[name] ?? (isCacheStale ? nil : cache.value(for: name))
    }

    /// Records the new state of a conversation; the last step of a command, after everything that can fail.
    func remember(_ known: CachedConversation, tenant: TenantID) {
        conversationsRead[ConversationKey(tenant: tenant, id: known.conversation.id)] = known
    }

    /// Records the latest changes of conversations that a command found, so that cached states do not undo them.
    func rememberChanges(of changed: [Conversation], tenant: TenantID) {
        for conversation in changed {
            guard var known = cached(conversation.id, tenant: tenant) else { continue }
            known.conversation.change = conversation.change
            remember(known, tenant: tenant)
        }
    }

    /// Drops all cached states: a command changed more conversations than it read.
    func dropCachedConversations() {
        conversationsRead = [:]
        isCacheStale = true
    }

    /// Passes the new states to the cache; called once they are on disk.
    func committed() {
        if isCacheStale { cache.empty() }
        cache.keep(conversationsRead)
    }

    /// Stores a new conversation without messages; it takes this change number.
    func insert(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp, change: Int64,
        pruning: Pruning = .none
    ) throws -> CachedConversation {
        if try longLists.lengthenOne(of: newConversation.participants, tenant: tenant, change: change) {
            dropCachedConversations()
        }
        let (conversation, copies) = try conversations.insert(
            newConversation, tenant: tenant, at: moment, change: change, pruning: pruning, longLists)
        return CachedConversation(conversation, activityCopies: copies)
    }

    /// The number that the next change will have.
    var upcomingChange: Int64 { lastChange + 1 }

    /// Takes the next change number.
    func nextChange() -> Int64 {
        lastChange += 1
        return lastChange
    }

    /// Remembers what is to be reported once the transaction is on disk.
    func record(
        _ conversation: Conversation, tenant: TenantID, change: Int64, seenBy users: [UserID], message: Message? = nil,
        isRemoval: Bool = false
    ) {
        let listChanges = users.map { Commit.ListChange(user: $0, change: change) }
        commits.append(
            Commit(
                tenant: tenant, conversation: conversation, listChanges: listChanges, message: message,
                isRemoval: isRemoval))
    }

    /// Runs one command so that, if it fails, nothing of it remains and the others are not harmed.
    ///
    /// - Throws: ``NeedsSavepoints``; what the command threw, or an error of the database that leaves the whole transaction in
    ///   doubt.
    func attempt<Answer>(_ command: () throws -> Answer) throws -> Result<Answer, MessagingError> {
        let (change, count, written) = (lastChange, commits.count, db.totalChangesCount)
        let refusal: MessagingError
        do {
            if hasSavepoints { try db.cachedStatement(sql: "SAVEPOINT command").execute() }
            let answer = try command()
            if hasSavepoints { try db.cachedStatement(sql: "RELEASE SAVEPOINT command").execute() }
            return .success(answer)
        } catch let error as MessagingError {
            refusal = error
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            refusal = .storeUnavailable(String(describing: error))
        }
        if hasSavepoints {
            try db.cachedStatement(sql: "ROLLBACK TO SAVEPOINT command").execute()
            try db.cachedStatement(sql: "RELEASE SAVEPOINT command").execute()
        } else if db.totalChangesCount != written {
            throw NeedsSavepoints()
        }
        lastChange = change
        commits.removeSubrange(count...)
        return .failure(refusal)
    }

    /// Stores the last used numbers; the last step before the commit.
    func finish() throws {
        guard lastChange > firstChange else { return }
        let statement = try db.cachedStatement(sql: "UPDATE store SET value = ? WHERE key = 'change'")
        try statement.execute(arguments: [lastChange])
    }
}

extension WriteTransaction {
    /// Opens a conversation, or finds the one that is meant.
    func open(_ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp) throws -> ConversationID {
        if newConversation.isDirect,
            let known = try conversations.findDirect(newConversation.participants, tenant: tenant)
        {
            return known.id
        }
        if let known = try conversations.find(newConversation.id, tenant: tenant) {
            guard known.participants.map(\.user) == newConversation.participants else {
                throw MessagingError.invalidMessage(
                    "A conversation \(newConversation.id) exists, with other participants.")
            }
            return known.id
        }
        let change = nextChange()
        let conversation = try insert(newConversation, tenant: tenant, at: moment, change: change).conversation
        record(conversation, tenant: tenant, change: change, seenBy: newConversation.participants)
        return conversation.id
    }
}

extension WriteTransaction {
    /// Checks whether the tables are there, and rewrites one page without changing it, to see whether that succeeds.
    ///
    /// - Throws: what the database says.
    func probe() throws {
        for table in ["users", "conversations", "participants", "messages"] {
            _ = try Int.fetchOne(db, sql: "SELECT 1 FROM \(table) LIMIT 1")
        }
        // An UPDATE that changes nothing would write nothing; this does, always.
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }
}
