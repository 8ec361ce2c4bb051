import GRDB
import Messaging
import StoreWork

/// The order of the lists that are too long to be read whole for each page.
///
/// Keeping the order of every list would change a row and two index entries for each participant with each message. That made a send
/// to two people cost five times as much, and a send to 500 people took 12 ms. So the store keeps the order only of long lists, and
/// for at most ``StoreBounds/mostCopies`` of them in one conversation. Conversations beyond that are read whole.
struct LongLists {
    let db: Database
    var bounds = StoreBounds()

    /// What a new participant's row stores about the conversation's activity.
    enum Place {
        case notInOrder
        case inOrder
        /// The list is long, but the conversation already has the most copies that it may have.
        case beyondCopies
    }

    /// Whether the order of a user's list is kept.
    func contains(_ user: UserID, tenant: TenantID) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                SELECT 1 FROM participants INDEXED BY participants_activity
                WHERE tenant_id = ? AND user_id = ? AND activity IS NOT NULL LIMIT 1
                """)
        return try Bool.fetchOne(statement, arguments: [tenant.text, user.text]) ?? false
    }

    /// The indices of the participants of a new conversation, in their order.
    func places(of users: [UserID], tenant: TenantID) throws -> [Place] {
        var copies = 0
        return try users.map { user in
            guard try contains(user, tenant: tenant) else { return .notInOrder }
            guard copies < bounds.mostCopies else { return .beyondCopies }
            copies += 1
            return .inOrder
        }
    }

    /// Makes the list of one of these users a long one where it is too long for a short one; returns whether there was such a list.
    ///
    /// This may change a page of the file for each conversation in the list, so it handles one list at a time. The others wait for
    /// later openings, and stay a little longer than a short list until then. It checks only some lists, and the change number decides
    /// at which one it starts.
    func lengthenOne(of users: [UserID], tenant: TenantID, change: Int64) throws -> Bool {
        let isFull = try db.cachedStatement(
            sql: """
                SELECT 1 FROM participants INDEXED BY participants_user
                WHERE tenant_id = ? AND user_id = ? LIMIT 1 OFFSET ?
                """)
        // Fibonacci hashing: change numbers at any distance start at evenly spread indices.
        let hash = UInt64(bitPattern: change) &* 0x9E37_79B9_7F4A_7C15
        let start = Int(hash >> 33) % users.count
        for place in 0..<min(users.count, bounds.listsCheckedAtOnce) {
            let user = users[(start + place) % users.count]
            let arguments: StatementArguments = [tenant.text, user.text, bounds.shortList - 1]
            guard try Bool.fetchOne(isFull, arguments: arguments) ?? false, try !contains(user, tenant: tenant) else {
                continue
            }
            try lengthen(user.text, tenant.text)
            return true
        }
        return false
    }

    /// Makes every list that is too long for a short one a long one.
    func lengthenAll() throws {
        let users = try Row.fetchAll(
            db,
            sql: """
                SELECT tenant_id, user_id FROM participants INDEXED BY participants_user
                GROUP BY tenant_id, user_id HAVING count(*) > ?
                """, arguments: [bounds.shortList])
        for row in users {
            let (tenant, user): (String, String) = (row[0], row[1])
            if try !contains(UserID(trusted: user), tenant: TenantID(trusted: tenant)) { try lengthen(user, tenant) }
        }
    }

    private func lengthen(_ user: String, _ tenant: String) throws {
        let placing = try db.cachedStatement(
            sql: """
                UPDATE participants SET (activity, change) = (
                    SELECT iif(c.activity_copies < ?3, c.activity, 0),
                        iif(c.activity_copies < ?3, max(c.change, participants.change), participants.change)
                    FROM conversations c WHERE c.key = conversation_key)
                WHERE tenant_id = ?1 AND user_id = ?2
                """)
        try placing.execute(arguments: [tenant, user, bounds.mostCopies])
        let counting = try db.cachedStatement(
            sql: """
                UPDATE conversations SET activity_copies = activity_copies + 1 WHERE key IN (
                    SELECT conversation_key FROM participants INDEXED BY participants_activity
                    WHERE tenant_id = ? AND user_id = ? AND activity > 0)
                """)
        try counting.execute(arguments: [tenant, user])
    }
}
