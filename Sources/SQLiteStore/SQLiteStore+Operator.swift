import GRDB
import Messaging

extension SQLiteStore {
    /// Opens a conversation, or finds the one that is meant: the direct one of the pair, or the one with this id; blocks
    /// until it is on disk.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)`` where the id belongs to a conversation with other participants,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func open(
        _ opening: Opening, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        try writer.performBlocking { try $0.open(opening, tenant: tenant, at: moment) }
    }

    /// Stores what is known of a user; blocks until it is on disk.
    ///
    /// A name or company that is nil stays as it was; an empty one is taken away. Where it differs from before, each of the
    /// user's conversations changes for everybody in it. U+0000 is left out of the texts.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func setPerson(_ person: Person, tenant: TenantID) throws(MessagingError) {
        try writer.performBlocking { try $0.setPerson(person, tenant: tenant) }
    }

    /// The same, without holding a thread until it is on disk.
    ///
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        try await writer.perform { try $0.setPerson(person, tenant: tenant) }
    }

    /// Whether there is neither a conversation nor a user; blocks while it looks.
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
