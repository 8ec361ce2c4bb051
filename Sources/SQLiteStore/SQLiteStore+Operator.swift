import Dispatch
import GRDB
import Messaging
import Synchronization

extension SQLiteStore {
    /// Opens a conversation, or finds the one that is meant: the direct one of the pair, or the one with this id; blocks
    /// until it is on disk.
    ///
    /// - Throws: ``MessagingError/invalidMessage(_:)`` where the id belongs to a conversation with other participants,
    ///   ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func open(
        _ opening: Opening, tenant: TenantID, at moment: Timestamp
    ) throws(MessagingError) -> ConversationID {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<ConversationID, MessagingError>>(.failure(.storeUnavailable("no answer")))
        writer.submit {
            try $0.open(opening, tenant: tenant, at: moment)
        } answer: { result in
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return try outcome.withLock { $0 }.get()
    }

    /// Stores what is known of a user, replacing what was known before; returns once it is on disk.
    ///
    /// Where it differs, each of their conversations changes for everybody in it. U+0000 is left out of the texts.
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
