import GRDB
import Messaging

extension OfflineDatabase {
    /// Takes away what is known of a user and the content of what they wrote.
    ///
    /// Their messages stay, empty, in their places, with their times and keys: a message that their device sends once more must not come
    /// back. Their id stays where they take part.
    ///
    /// - Parameter random: what the new epoch is made of.
    /// - Returns: how many messages lost their content; nil where nobody of that id is known.
    /// - Throws: ``SQLiteStoreError``.
    package func erase(
        _ user: UserID, tenant: TenantID, random: UInt64 = .random(in: .min ... .max)
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
