import Messaging

/// The rows of an import that are not in the database yet; they are inserted many at a time.
struct ImportBatch {
    private struct Conversations {
        var tenants: [String?] = []
        var keys: [Int64?] = []
        var ids: [String?] = []
        var lows: [String?] = []
        var highs: [String?] = []
        var openedAts: [Int64?] = []
        var prunedUpTos: [Int64?] = []
        var prunedBefores: [Int64?] = []
        var memberCounts: [Int64?] = []
        var activities: [Int64?] = []
    }

    private struct Participants {
        var tenants: [String?] = []
        var keys: [Int64?] = []
        var users: [String?] = []
        var marks: [Int64?] = []
    }

    private struct Messages {
        var tenants: [String?] = []
        var keys: [Int64?] = []
        var ns: [Int64?] = []
        var senders: [String?] = []
        var contents: [String?] = []
        var sentAts: [Int64?] = []
        var clientIDs: [String?] = []
        var senderNs: [Int64?] = []
    }

    private var conversations = Conversations()
    private var participants = Participants()
    private var messages = Messages()
    private var markers = Participants()
    private var size = 0

    /// The most rows and bytes of contents to wait: bounds the memory, and the length of one statement.
    private static let most = (rows: 4000, bytes: 4 << 20)

    /// Whether it is time to insert them.
    var isFull: Bool {
        let rows = conversations.keys.count + participants.keys.count + messages.keys.count + markers.keys.count
        return rows >= Self.most.rows || size >= Self.most.bytes
    }

    /// Adds a new conversation, with a change number that it has until the end of the import.
    mutating func add(
        _ opening: NewConversation, key: Int64, tenant: TenantID, openedAt: Timestamp, pruning: Pruning,
        change: Int64
    ) {
        let users = opening.participants.map(\.text)
        conversations.tenants.append(tenant.text)
        conversations.keys.append(key)
        conversations.ids.append(opening.id.text)
        conversations.lows.append(opening.isDirect ? users[0] : nil)
        conversations.highs.append(opening.isDirect ? users[1] : nil)
        conversations.openedAts.append(openedAt.milliseconds)
        conversations.prunedUpTos.append(pruning.upTo)
        conversations.prunedBefores.append(pruning.before?.milliseconds)
        conversations.memberCounts.append(
            users.count > ConversationSummary.mostPeople ? Int64(users.count) : nil)
        conversations.activities.append(change)
        for user in users {
            participants.tenants.append(tenant.text)
            participants.keys.append(key)
            participants.users.append(user)
            participants.marks.append(pruning.upTo)
        }
    }

    /// Adds a message, the `senderN`-th of its sender.
    mutating func add(_ message: Message, senderN: Int64, to key: Int64, tenant: TenantID) {
        messages.tenants.append(tenant.text)
        messages.keys.append(key)
        messages.ns.append(message.n)
        messages.senders.append(message.sender.text)
        messages.contents.append(message.content)
        messages.sentAts.append(message.sentAt.milliseconds)
        messages.clientIDs.append(message.clientMessageID)
        messages.senderNs.append(senderN)
        size += message.content.utf8.count
    }

    /// Adds a read marker that has moved.
    mutating func move(markerOf user: UserID, to n: Int64, in key: Int64, tenant: TenantID) {
        markers.tenants.append(tenant.text)
        markers.keys.append(key)
        markers.users.append(user.text)
        markers.marks.append(n)
    }

    /// Inserts all rows, and is empty then.
    ///
    /// - Throws: ``PostgresError``.
    mutating func flush(_ connection: PostgresConnection) throws {
        try insertConversations(connection)
        try insertMessages(connection)
        try moveMarkers(connection)
        self = ImportBatch()
    }

    private func insertConversations(_ connection: PostgresConnection) throws {
        guard !conversations.keys.isEmpty else { return }
        try connection.run(
            """
            INSERT INTO postbox.conversations (tenant_id, key, id, direct_low, direct_high, opened_at_ms, last_n, pruned_up_to,
                pruned_before_ms, activity, change, participant_count, least_read_up_to, second_read_up_to)
            SELECT g.tenant, g.key, g.id, g.low, g.high, g.opened_at, g.pruned, g.pruned, g.before, g.change, g.change, g.members,
                CASE WHEN g.members IS NOT NULL THEN g.pruned END, CASE WHEN g.members IS NOT NULL THEN g.pruned END
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                g (tenant, key, id, low, high, opened_at, pruned, before, members, change)
            """,
            [
                .textArray(conversations.tenants), .int8Array(conversations.keys), .textArray(conversations.ids),
                .textArray(conversations.lows), .textArray(conversations.highs), .int8Array(conversations.openedAts),
                .int8Array(conversations.prunedUpTos), .int8Array(conversations.prunedBefores),
                .int8Array(conversations.memberCounts), .int8Array(conversations.activities),
            ], within: nil)
        try connection.run(
            """
            INSERT INTO postbox.participants (tenant_id, conversation_key, user_id, read_up_to, change)
            SELECT g.tenant, g.key, g.id, g.mark, 0 FROM unnest($1, $2, $3, $4) g (tenant, key, id, mark)
            """,
            [
                .textArray(participants.tenants), .int8Array(participants.keys), .textArray(participants.users),
                .int8Array(participants.marks),
            ], within: nil)
    }

    private func insertMessages(_ connection: PostgresConnection) throws {
        guard !messages.keys.isEmpty else { return }
        try connection.run(
            """
            INSERT INTO postbox.messages
                (tenant_id, conversation_key, n, sender_id, content, sent_at_ms, client_message_id, sender_n)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                .textArray(messages.tenants), .int8Array(messages.keys), .int8Array(messages.ns),
                .textArray(messages.senders), .textArray(messages.contents), .int8Array(messages.sentAts),
                .textArray(messages.clientIDs), .int8Array(messages.senderNs),
            ], within: nil)
    }

    /// An UPDATE takes only one of several rows that match, so of several moves of one marker only the furthest is given.
    private func moveMarkers(_ connection: PostgresConnection) throws {
        guard !markers.keys.isEmpty else { return }
        try connection.run(
            """
            UPDATE postbox.participants p SET read_up_to = g.mark
            FROM (SELECT u.tenant, u.key, u.id, max(u.mark) AS mark
                FROM unnest($1, $2, $3, $4) u (tenant, key, id, mark) GROUP BY u.tenant, u.key, u.id) g
            WHERE p.tenant_id = g.tenant AND p.conversation_key = g.key AND p.user_id = g.id
            """,
            [
                .textArray(markers.tenants), .int8Array(markers.keys), .textArray(markers.users),
                .int8Array(markers.marks),
            ], within: nil)
    }
}
