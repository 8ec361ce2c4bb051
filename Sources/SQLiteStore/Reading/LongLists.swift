import GRDB
import Messaging

/// The lists that are too long to be read whole for each page.
///
/// Everybody's list could be kept in order, but then each message would change a row and two index entries for each participant: that
/// made a send to two people cost five times as much, and one to 500 people 12 ms. So it is done only for those whose list is long, and for
/// at most ``StoreBounds/mostCopies`` of them in one conversation. What is left, a list reads whole.
struct LongLists {
    let db: Database
    var bounds = StoreBounds()

    /// What the row of a new participant says of the conversation's activity.
    enum Place {
        case notInOrder
        case inOrder
        /// The list is long, and the conversation has all the copies it may have.
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

    /// Turns the list of one of these users that has no room for another conversation as a short one into a long one; answers whether there
    /// was any.
    ///
    /// That may change a page of the file for each conversation in the list, so the others wait for later openings, and their lists are
    /// somewhat longer until then. Only some lists are looked at, from another place on for each change number.
    func lengthenOne(of users: [UserID], tenant: TenantID, change: Int64) throws -> Bool {
        let isFull = try db.cachedStatement(
            sql: """
                SELECT 1 FROM participants INDEXED BY participants_user
                WHERE tenant_id = ? AND user_id = ? LIMIT 1 OFFSET ?
                """)
        // Fibonacci hashing: numbers at any distance begin at places all over.
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

    /// Turns every list that is too long for a short one into a long one.
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
