import GRDB
import Messaging

extension SQLiteStore: ServedStore {
    /// Opens a conversation, or returns the existing one.
    public func open(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        try writer.performBlocking { try $0.open(newConversation, tenant: tenant, at: moment) }
    }

    /// Stores the name and company of a user, a step for each group of conversations; blocks. U+0000 is removed from the texts.
    public func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try writer.performBlocking { try $0.setPerson(person, tenant: tenant, number: number) }
        }
    }

    /// Stores the name and company of a user, as the blocking method does.
    public func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try await writer.perform { try $0.setPerson(person, tenant: tenant, number: number) }
        }
    }

    /// Continues the renamings that were unfinished when the database was closed; other writes run in between.
    func resumeRenamings() throws {
        for caller in try pool.read({ try StoredPeople(db: $0).renamed() }) { Self.resumeRenaming(of: caller, writer) }
    }

    /// Stops where a step fails: the next start, or the user's next renaming, continues from there.
    private static func resumeRenaming(of caller: Caller, _ writer: Writer) {
        writer.submit {
            try $0.resumeRenaming(of: caller.user, tenant: caller.tenant)
        } answer: { [weak writer] result in
            if case .success(false) = result, let writer { resumeRenaming(of: caller, writer) }
        }
    }

    /// Whether the database has neither a conversation nor a user.
    public func isEmpty() throws(MessagingError) -> Bool {
        do {
            return try pool.read { db in
                try Bool.fetchOne(
                    db,
                    sql: """
                        SELECT NOT EXISTS (SELECT 1 FROM conversations) AND NOT EXISTS (SELECT 1 FROM users)
                        """) ?? false
            }
        } catch {
            throw .storeUnavailable(String(describing: error))
        }
    }

    /// Begins an import beside requests.
    public func beginImport() -> any SteppedImport {
        ServedImport(writer: writer, pool: pool)
    }

    /// Imports a history in one transaction.
    @discardableResult
    public func importRecords(_ next: () throws -> ImportRecord?) throws -> ImportSummary {
        do {
            return try pool.writeWithoutTransaction { [writer] db in
                defer { writer.cache.empty() }
                var summary = ImportSummary()
                try db.inTransaction(.immediate) {
                    let importer = try Importer(
                        WriteTransaction(db, cache: writer.cache, bounds: writer.bounds, hasSavepoints: false))
                    while let record = try next() { try importer.take(record) }
                    try importer.finish()
                    summary = importer.summary
                    return .commit
                }
                return summary
            }
        } catch let error as DatabaseError {
            throw MessagingError.storeUnavailable(String(describing: error))
        }
    }
}
