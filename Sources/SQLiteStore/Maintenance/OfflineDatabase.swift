import GRDB
import Messaging

/// A database that no server has open, locked for changes that a server must see whole or not at all.
///
/// Removed data leaves no trace in the file: it is overwritten at once, and the file is written anew afterwards. Backups and replicas
/// keep their copies.
public final class OfflineDatabase: DataRemover {
    let queue: DatabaseQueue
    private let file: DatabaseFile
    private let path: String

    /// Opens the file, which must exist, and brings it to the present schema.
    ///
    /// - Throws: ``SQLiteStoreError``.
    public init(path: String) throws(SQLiteStoreError) {
        self.path = path
        file = try DatabaseFile(path: path, for: .openingExisting)
        do {
            let isNewer = try Schema.prepare(
                path: file.realPath, random: .random(in: .min ... .max), cursorKey: .random())
            if isNewer { throw SQLiteStoreError.newerSchema(path: path) }
            queue = try DatabaseQueue(path: file.realPath)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        } catch {
            file.close()
            throw error as? SQLiteStoreError ?? .other(path: path, reason: String(describing: error))
        }
    }

    deinit {
        close()
    }

    /// Closes the database; a second call does nothing.
    public func close() {
        try? queue.close()
        file.close()
    }

    /// Applies a change completely or not at all. Where anything has changed, the store gets a new epoch, so that every client fetches
    /// everything again: no cursor covers a removal.
    ///
    /// - Parameter body: returns its result, and whether it changed anything.
    func change<Answer>(random: UInt64, _ body: (Database) throws -> (Answer, isChange: Bool)) throws -> Answer {
        do {
            return try queue.write { db in
                let (answer, isChange) = try body(db)
                if isChange { try StoredEpoch(db: db).renew(random: random) }
                return answer
            }
        } catch let error as DatabaseError {
            throw SQLiteStoreError.other(path: path, reason: String(describing: error))
        }
    }

    /// Writes the file anew without removed data, and empties its log. It needs up to twice the file's size in free space, and blocks.
    ///
    /// - Throws: ``SQLiteStoreError/other(path:reason:)``; everything is as it was then.
    public func compact() throws(SQLiteStoreError) {
        do {
            try queue.vacuum()
            _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch {
            throw .other(path: path, reason: String(describing: error))
        }
    }
}

extension OfflineDatabase {
    /// Removes the name and company of a user, and the content of their messages.
    ///
    /// Their messages stay without content, with their numbers, times and keys: a message that their device sends again must not come
    /// back. Their id stays where they take part.
    ///
    /// - Parameter random: the source of the new epoch.
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    /// - Throws: ``SQLiteStoreError``.
    public func erase(
        _ user: UserID, tenant: TenantID, random: UInt64
    ) throws -> Int? {
        try change(random: random) { db in
            try db.execute(
                sql: "DELETE FROM users WHERE tenant_id = ? AND id = ?", arguments: [tenant.text, user.text])
            let wasNamed = db.changesCount > 0
            let keys = try StoredConversations(db: db).keys(of: user, tenant: tenant)
            guard wasNamed || !keys.isEmpty else { return (nil, false) }
            var messages = 0
            for key in keys {
                let statement = try db.cachedStatement(
                    sql: """
                        UPDATE messages SET content = ''
                        WHERE conversation_key = ? AND sender_id = ? AND content <> ''
                        """)
                try statement.execute(arguments: [key, user.text])
                messages += db.changesCount
            }
            return (messages, wasNamed || messages > 0)
        }
    }
}
