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

    /// Goes on with the renamings that had not come to their end when the database was closed; others' writes come in between.
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
