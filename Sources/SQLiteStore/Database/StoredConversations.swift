import GRDB
import Messaging

/// Conversations as rows.
struct StoredConversations {
    let db: Database

    /// The columns that ``fetch(_:_:)`` reads.
    private static let columns = "c.key, c.id, c.last_n, c.pruned_up_to, c.change, c.activity_copies, c.revision"

    /// Returns a conversation that the caller takes part in; nil where there is none with this name.
    ///
    /// The participant is looked up before anything else is read, and in as many steps where there is no such conversation: the time
    /// of a refusal must reveal neither whether the conversation exists nor its number of participants.
    func findOwn(_ reference: ConversationReference, of caller: Caller) throws -> CachedConversation? {
        let id: ConversationID
        switch reference {
        case .direct(let other): return try findPair([caller.user, other].sorted(), tenant: caller.tenant)
        case .id(let given): id = given
        }
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM participants p CROSS JOIN conversations c ON c.key = p.conversation_key
                WHERE p.conversation_key = ifnull((SELECT key FROM conversations WHERE tenant_id = ? AND id = ?), -1)
                    AND p.user_id = ?
                """)
        return try conversation(Rows(of: statement, caller.tenant.text, id.text, caller.user.text), of: statement)
    }

    /// The most conversations of a user that are searched for another user: any caller can have this done, on the one thread that
    /// writes.
    private static let searchLimit = 1000

    /// Whether two users share any conversation; true also where both have too many to find out.
    ///
    /// It searches the conversations of `one` first, and those of `other` where `one` has too many.
    func mayBeTogether(_ one: UserID, _ other: UserID, tenant: TenantID) throws -> Bool {
        if let found = try search(conversationsOf: one, for: other, tenant: tenant) { return found }
        return try search(conversationsOf: other, for: one, tenant: tenant) ?? true
    }

    /// Whether a user takes part in any of another's conversations; nil where there are too many to find out.
    private func search(conversationsOf user: UserID, for other: UserID, tenant: TenantID) throws -> Bool? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT count(*), count(p.user_id) FROM (
                    SELECT conversation_key FROM participants INDEXED BY participants_user
                    WHERE tenant_id = ? AND user_id = ? LIMIT \(Self.searchLimit)
                ) o LEFT JOIN participants p ON p.conversation_key = o.conversation_key AND p.user_id = ?
                """)
        let cursor = try Row.fetchCursor(statement, arguments: [tenant.text, user.text, other.text])
        guard let row = try cursor.next() else { return false }
        let (searched, found): (Int, Int) = (row[0], row[1])
        if found > 0 { return true }
        return searched < Self.searchLimit ? false : nil
    }

    /// Whether there is a conversation with this id, with any participants.
    func exists(_ id: ConversationID, tenant: TenantID) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM conversations WHERE tenant_id = ? AND id = ?")
        return try Int64.fetchOne(statement, arguments: [tenant.text, id.text]) != nil
    }

    func find(_ id: ConversationID, tenant: TenantID) throws -> Conversation? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM conversations c
                WHERE tenant_id = ? AND id = ?
                """)
        return try conversation(Rows(of: statement, tenant.text, id.text), of: statement)?.conversation
    }

    /// How many of the participants' rows have a copy of the conversation's activity.
    func activityCopies(in key: Int64) throws -> Int {
        let statement = try db.cachedStatement(sql: "SELECT activity_copies FROM conversations WHERE key = ?")
        return try Int.fetchOne(statement, arguments: [key]) ?? 0
    }

    /// The direct conversation of a pair, given in order.
    func findDirect(_ pair: [UserID], tenant: TenantID) throws -> Conversation? {
        try findPair(pair, tenant: tenant)?.conversation
    }

    private func findPair(_ pair: [UserID], tenant: TenantID) throws -> CachedConversation? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Self.columns) FROM conversations c
                WHERE tenant_id = ? AND direct_low = ? AND direct_high = ?
                """)
        return try conversation(Rows(of: statement, tenant.text, pair[0].text, pair[1].text), of: statement)
    }

    func find(key: Int64) throws -> CachedConversation? {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM conversations c WHERE key = ?")
        return try conversation(Rows(of: statement, key), of: statement)
    }

    /// The keys of all conversations that a user takes part in.
    func keys(of user: UserID, tenant: TenantID) throws -> [Int64] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT conversation_key FROM participants
                WHERE tenant_id = ? AND user_id = ?
                ORDER BY conversation_key
                """)
        return try Int64.fetchAll(statement, arguments: [tenant.text, user.text])
    }

    /// The first of those keys that are greater than one, in order.
    func keys(of user: UserID, tenant: TenantID, after key: Int64, limit: Int) throws -> [Int64] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT conversation_key FROM participants INDEXED BY participants_user
                WHERE tenant_id = ? AND user_id = ? AND conversation_key > ?
                ORDER BY conversation_key LIMIT ?
                """)
        return try Int64.fetchAll(statement, arguments: [tenant.text, user.text, key, limit])
    }

    /// Stores a new conversation without messages, and returns it with the number of its copies in long lists.
    ///
    /// - Parameter pruning: its numbers begin after `upTo`, and for all participants the messages up to there count as read.
    func insert(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp, change: Int64,
        pruning: Pruning = .none,
        _ longLists: LongLists
    ) throws -> (Conversation, activityCopies: Int) {
        let pruned = pruning.upTo
        let places = try longLists.places(of: newConversation.participants, tenant: tenant)
        let copies = places.count { $0 == .inOrder }
        let isLarge = places.count > ConversationSummary.mostPeople
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO conversations
                    (tenant_id, id, direct_low, direct_high, opened_at_ms, last_n, pruned_up_to, activity, change,
                    activity_copies, participant_count, least_read_up_to, second_read_up_to, pruned_before_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insertion.execute(arguments: [
            tenant.text, newConversation.id.text,
            newConversation.isDirect ? newConversation.participants[0].text : nil,
            newConversation.isDirect ? newConversation.participants[1].text : nil,
            moment.milliseconds, pruned, pruned, change, change, copies,
            isLarge ? places.count : nil, isLarge ? pruned : nil, isLarge ? pruned : nil,
            pruning.before?.milliseconds,
        ])
        let key = db.lastInsertedRowID
        let joining = try db.cachedStatement(
            sql: """
                INSERT INTO participants (conversation_key, user_id, tenant_id, read_up_to, change, activity)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
        for (user, place) in zip(newConversation.participants, places) {
            let activity: Int64? =
                switch place {
                case .notInOrder: nil
                case .inOrder: change
                case .beyondCopies: 0
                }
            try joining.execute(arguments: [
                key, user.text, tenant.text, pruned, place == .inOrder ? change : 0, activity,
            ])
        }
        let conversation = Conversation(
            id: newConversation.id, key: key, lastN: pruned, prunedUpTo: pruned, change: change,
            participants: newConversation.participants.map { Conversation.Participant(user: $0, readUpTo: pruned) })
        return (conversation, copies)
    }

    /// The pruned messages of a conversation.
    func pruning(of key: Int64) throws -> Pruning {
        let statement = try db.cachedStatement(
            sql: "SELECT pruned_up_to, pruned_before_ms FROM conversations WHERE key = ?")
        let cursor = try Row.fetchCursor(statement, arguments: [key])
        guard let row = try cursor.next() else { return .none }
        return Pruning(upTo: row[0], before: (row[1] as Int64?).map(Timestamp.init(milliseconds:)))
    }

    /// Whether nothing was removed from a conversation since it was in this state.
    func hasAllMessages(of conversation: Conversation) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM conversations WHERE key = ? AND revision = ? AND pruned_up_to = ?")
        return try Rows(of: statement, conversation.key, conversation.revision, conversation.prunedUpTo).next()
    }

    /// Records a change that every participant sees; `lastN` where it is a message.
    ///
    /// - Parameter copies: how many rows of participants have a copy of the activity.
    func update(_ key: Int64, change: Int64, lastN: Int64? = nil, activityCopies copies: Int) throws {
        if let lastN {
            let statement = try db.cachedStatement(
                sql: "UPDATE conversations SET last_n = ?, activity = ?, change = ? WHERE key = ?")
            try statement.execute(arguments: [lastN, change, change, key])
        } else {
            let statement = try db.cachedStatement(sql: "UPDATE conversations SET change = ? WHERE key = ?")
            try statement.execute(arguments: [change, key])
        }
        guard copies > 0 else { return }
        let copying = try db.cachedStatement(
            sql: """
                UPDATE participants SET change = ?, activity = ifnull(?, activity)
                WHERE conversation_key = ? AND activity > 0
                """)
        try copying.execute(arguments: [change, lastN == nil ? nil : change, key])
    }

    /// Updates the lowest read markers of a conversation where they are kept, that is, in a large one.
    func updateLowestReadMarks(in key: Int64) throws {
        let statement = try db.cachedStatement(
            sql: "UPDATE conversations SET \(Schema.lowestReadMarks) WHERE key = ? AND participant_count IS NOT NULL")
        try statement.execute(arguments: [key])
    }

    private func conversation(_ rows: consuming Rows, of statement: Statement) throws -> CachedConversation? {
        guard try rows.next() else { return nil }
        let (key, copies) = (statement.number(0), statement.number(5))
        let conversation = Conversation(
            id: ConversationID(trusted: try statement.requiredText(1)), key: key, lastN: statement.number(2),
            prunedUpTo: statement.number(3), revision: statement.number(6), change: statement.number(4),
            participants: try StoredParticipants(db: db).all(in: key))
        return CachedConversation(conversation, activityCopies: Int(copies))
    }
}
