import GRDB
import Messaging

extension SQLiteStore: OperatorStore {
    /// Opens a conversation, or returns the existing one: the direct one of the pair, or the one with this id; blocks until it is on
    /// disk.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)`` where the id belongs to a conversation with other participants,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func open(
        _ opening: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        try writer.performBlocking { try $0.open(opening, tenant: tenant, at: moment) }
    }

    /// Stores the name and company of a user; blocks until they are on disk.
    ///
    /// A name or company that is nil is not changed; an empty one is removed. Where one differs from before, each of the user's
    /// conversations changes for all its participants. U+0000 is removed from the texts.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``. Some conversations may have changed then;
    ///   the others change with the next call or start.
    public func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try writer.performBlocking { try $0.setPerson(person, tenant: tenant, number: number) }
        }
    }

    /// Stores the name and company of a user without blocking a thread; returns once they are on disk.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
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

    /// Whether the database has neither a conversation nor a user; blocks.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
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
}

extension SQLiteStore {
    /// Imports a history completely or not at all; blocks until it is on disk.
    ///
    /// An existing record is skipped, so a repeated import adds nothing. The store must not serve requests meanwhile: the observer is
    /// not called, and other writes wait.
    ///
    /// - Parameters:
    ///   - interval: the number of records between two calls of `progress`, which gets the number of records so far.
    ///   - progress: called on this thread.
    ///   - next: returns the next record; nil after the last. An error that it throws ends the import and is rethrown.
    /// - Throws: ``ImportError`` where the record that came last cannot be imported, what `next` throws, or
    ///   ``MessagingError/storeUnavailable(_:)``.
    @discardableResult
    public func importRecords(
        progressEvery interval: Int, progress: (Int) -> Void,
        _ next: () throws -> ImportRecord?
    ) throws -> ImportSummary {
        do {
            return try pool.writeWithoutTransaction { [writer] db in
                defer { writer.memory.empty() }
                var summary = ImportSummary()
                try db.inTransaction(.immediate) {
                    let importer = try Importer(
                        WriteTransaction(db, memory: writer.memory, bounds: writer.bounds, hasSavepoints: false))
                    while let record = try next() {
                        try importer.take(record)
                        if importer.summary.records.isMultiple(of: interval) { progress(importer.summary.records) }
                    }
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
