import GRDB
import Messaging

extension SQLiteStore {
    /// Opens a conversation, or finds the one that is meant: the direct one of the pair, or the one with this id; blocks
    /// until it is on disk.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)`` where the id belongs to a conversation with other participants,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    package func open(
        _ opening: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        try writer.performBlocking { try $0.open(opening, tenant: tenant, at: moment) }
    }

    /// Stores what is known of a user; blocks until it is on disk.
    ///
    /// A name or company that is nil stays as it was; an empty one is taken away. Where it differs from before, each of the
    /// user's conversations changes for everybody in it. U+0000 is left out of the texts.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``; part of the conversations may have changed
    ///   then, and the rest do with the next call or start.
    package func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try writer.performBlocking { try $0.setPerson(person, tenant: tenant, number: number) }
        }
    }

    /// The same, without holding a thread until it is on disk.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    package func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try await writer.perform { try $0.setPerson(person, tenant: tenant, number: number) }
        }
    }

    /// Continues the renamings that were not finished when the database was closed; other writes come in between.
    func resumeRenamings() throws {
        for caller in try pool.read({ try StoredPeople(db: $0).renamed() }) { Self.resumeRenaming(of: caller, writer) }
    }

    /// Ends where a step fails: the next start, or the user's next renaming, goes on from there.
    private static func resumeRenaming(of caller: Caller, _ writer: Writer) {
        writer.submit {
            try $0.resumeRenaming(of: caller.user, tenant: caller.tenant)
        } answer: { [weak writer] result in
            if case .success(false) = result, let writer { resumeRenaming(of: caller, writer) }
        }
    }

    /// Whether there is neither a conversation nor a user; blocks while it looks.
    ///
    /// - Throws: ``MessagingError/storeUnavailable(_:)``.
    package func isEmpty() throws(MessagingError) -> Bool {
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
    /// Imports a history, all of it or nothing; blocks until it is on disk.
    ///
    /// A record that is there already is skipped, so that running an import again adds nothing twice. Meant for a store that nobody
    /// serves meanwhile: the observer is not told, and other writes wait.
    ///
    /// - Parameters:
    ///   - interval: after how many records `progress` is called, each time with the number taken so far.
    ///   - progress: called on this thread.
    ///   - next: the next record; nil after the last. What it throws ends the import and is thrown on.
    /// - Throws: ``ImportError`` where the record that came last cannot be imported, what `next` throws, or
    ///   ``MessagingError/storeUnavailable(_:)``.
    @discardableResult
    package func importRecords(
        progressEvery interval: Int = 10_000, progress: (Int) -> Void = { _ in },
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
