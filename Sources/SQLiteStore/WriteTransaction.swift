import GRDB
import Messaging

/// A transaction of the writer in which commands run one after the other.
///
/// It belongs to the thread that runs it.
final class WriteTransaction {
    let db: Database
    /// What the commands changed so far, in order.
    private(set) var commits: [Commit] = []
    private var lastChange: Int64
    private let firstChange: Int64

    init(_ db: Database) throws {
        self.db = db
        let statement = try db.cachedStatement(sql: "SELECT value FROM store WHERE key = 'change'")
        guard let change = try Int64.fetchOne(statement) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the change counter is missing")
        }
        firstChange = change
        lastChange = change
    }

    var conversations: StoredConversations { StoredConversations(db: db) }

    var participants: StoredParticipants { StoredParticipants(db: db) }

    func messages(in conversation: Conversation) -> StoredMessages {
        StoredMessages(db: db, key: conversation.key)
    }

    /// Takes the next change number.
    func nextChange() -> Int64 {
        lastChange += 1
        return lastChange
    }

    /// Remembers what is to be reported once the transaction is on disk.
    func record(
        _ conversation: Conversation, tenant: TenantID, change: Int64, seenBy users: [UserID], message: Message? = nil
    ) {
        let listChanges = users.map { Commit.ListChange(user: $0, change: change) }
        commits.append(
            Commit(tenant: tenant, conversation: conversation, listChanges: listChanges, message: message))
    }

    /// Runs one command so that, if it fails, nothing of it remains and the others are not harmed.
    ///
    /// - Throws: what the command threw, or an error of the database that leaves the whole transaction in doubt.
    func attempt<Answer>(_ command: () throws -> Answer) throws -> Result<Answer, MessagingError> {
        let (change, count) = (lastChange, commits.count)
        try db.cachedStatement(sql: "SAVEPOINT command").execute()
        let refusal: MessagingError
        do {
            let answer = try command()
            try db.cachedStatement(sql: "RELEASE SAVEPOINT command").execute()
            return .success(answer)
        } catch let error as MessagingError {
            refusal = error
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            refusal = .storeUnavailable(String(describing: error))
        }
        try db.cachedStatement(sql: "ROLLBACK TO SAVEPOINT command").execute()
        try db.cachedStatement(sql: "RELEASE SAVEPOINT command").execute()
        lastChange = change
        commits.removeSubrange(count...)
        return .failure(refusal)
    }

    /// Writes down the numbers taken; the last thing before the commit.
    func finish() throws {
        guard lastChange > firstChange else { return }
        let statement = try db.cachedStatement(sql: "UPDATE store SET value = ? WHERE key = 'change'")
        try statement.execute(arguments: [lastChange])
    }
}
