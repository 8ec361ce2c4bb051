import Messaging

/// One import, inside one transaction that holds the lock of all writes.
final class Importer {
    private let connection: PostgresConnection
    private let rows: ImportRows
    private let bounds: (shortList: Int, mostCopies: Int)
    private var people = ImportedPeople()
    private var conversations: [ConversationKey: ImportedConversation] = [:]
    private var directs: [ConversationKey: ConversationID] = [:]
    /// A change number that new conversations have until the end.
    private let firstChange: Int64
    /// Whether there were conversations before; if not, nothing has to be looked up.
    private let wasUsed: Bool
    private var counted = ImportSummary()

    /// - Throws: ``PostgresError``.
    init(_ connection: PostgresConnection, shortList: Int, mostCopies: Int) throws {
        self.connection = connection
        bounds = (shortList, mostCopies)
        rows = ImportRows(connection)
        let start = try connection.run(
            "SELECT nextval('postbox.position'), EXISTS (SELECT 1 FROM postbox.conversations)", within: nil)
        firstChange = try start.requiredInt8(0, 0)
        wasUsed = try start.requiredBool(0, 1)
    }

    func take(_ record: ImportRecord) throws {
        switch record {
        case .person(let person, let tenant):
            if people.mustFlush(before: person.id, tenant) { try storePeople() }
            people.add(person, tenant)
            // Whether it is news turns out later.
            counted.skipped += 1
        case .conversation(let opening, let tenant, let openedAt, let pruning, let activity):
            let isNews = try open(opening, tenant, openedAt, pruning, activity)
            counted.conversations += isNews ? 1 : 0
            counted.skipped += isNews ? 0 : 1
        case .message(let message, let tenant):
            let outcome = try conversation(message.conversation, tenant).add(message)
            counted.messages += outcome == .stored ? 1 : 0
            counted.pruned += outcome == .pruned ? 1 : 0
            counted.skipped += outcome == .stored ? 0 : 1
        case .read(let id, let user, let tenant, let upTo):
            let isNews = try conversation(id, tenant).markRead(by: user, upTo: upTo)
            counted.readMarkers += isNews ? 1 : 0
            counted.skipped += isNews ? 0 : 1
        }
        counted.records += 1
    }

    private func storePeople() throws {
        let changed = try people.flush(connection)
        counted.people += changed
        counted.skipped -= changed
    }

    /// Gives every conversation that changed its number, those with messages in the order of their last one; returns what the import did.
    ///
    /// A history comes in conversation by conversation as a rule, and people expect the latest on top of their lists. Where a record
    /// says how active its conversation is, that counts, and not the clock.
    func finish() throws -> ImportSummary {
        try storePeople()
        try rows.flush()
        let changed = conversations.values.filter(\.isChanged).sorted {
            ($0.activity ?? .min, $0.latestStored?.milliseconds ?? .min, $0.key)
                < ($1.activity ?? .min, $1.latestStored?.milliseconds ?? .min, $1.key)
        }
        // The others have neither an activity nor a message, as the first of the changed ones may.
        let plain = changed.prefix { $0.activity == nil && $0.latestStored == nil }
        let others = try conversationsOfRenamed(except: Set(changed.map(\.key)))
        let early = (others + plain.map(NumberedConversation.init)).sorted { $0.key < $1.key }
        try number(early + changed.dropFirst(plain.count).map(NumberedConversation.init))
        try connection.run(
            "SELECT postbox.lengthen_lists($1, $2)",
            [.int4(Int32(clamping: bounds.shortList)), .int4(Int32(clamping: bounds.mostCopies))], within: nil)
        // So that the planner knows the tables at once; a role that does not own them is only warned.
        try connection.run(
            "ANALYZE postbox.users, postbox.conversations, postbox.participants, postbox.messages", within: nil)
        return counted
    }

    /// How many conversations are looked up or updated with one statement.
    private static let step = 1000

    /// All other conversations of users that others see in another way now.
    private func conversationsOfRenamed(except changed: Set<Int64>) throws -> [NumberedConversation] {
        // Without conversations from before, all are changed.
        guard wasUsed else { return [] }
        var others: [Int64: NumberedConversation] = [:]
        for start in stride(from: 0, to: people.renamed.count, by: Self.step) {
            let part = people.renamed[start..<min(start + Self.step, people.renamed.count)]
            let found = try connection.run(
                """
                SELECT DISTINCT p.conversation_key, p.tenant_id FROM unnest($1, $2) u (tenant, id)
                    JOIN postbox.participants p ON p.tenant_id = u.tenant AND p.user_id = u.id
                """, [.textArray(part.map { $0.tenant.text }), .textArray(part.map { $0.user.text })], within: nil)
            for row in 0..<found.count {
                let key = try found.requiredInt8(row, 0)
                guard !changed.contains(key) else { continue }
                others[key] = NumberedConversation(key: key, tenant: try found.requiredText(row, 1))
            }
        }
        return Array(others.values)
    }

    /// Gives these conversations the next change numbers, in this order.
    private func number(_ conversations: [NumberedConversation]) throws {
        for start in stride(from: 0, to: conversations.count, by: Self.step) {
            let part = conversations[start..<min(start + Self.step, conversations.count)]
            try connection.run(
                """
                WITH place AS (SELECT nextval('postbox.position') AS base), given AS MATERIALIZED (
                    SELECT g.tenant, g.key, g.last_n, p.base + g.i AS change
                    FROM unnest($1, $2, $3) WITH ORDINALITY g (tenant, key, last_n, i), place p
                ), updated AS (
                    UPDATE postbox.conversations c SET change = g.change, last_n = coalesce(g.last_n, c.last_n),
                        activity = CASE WHEN g.last_n IS NULL THEN c.activity ELSE g.change END
                    FROM given g WHERE c.tenant_id = g.tenant AND c.key = g.key
                    RETURNING c.tenant_id, c.key, c.activity, c.change, c.activity_copies
                )
                UPDATE postbox.participants p SET list_activity = u.activity, list_change = u.change
                FROM updated u WHERE u.activity_copies > 0
                    AND p.tenant_id = u.tenant_id AND p.conversation_key = u.key AND coalesce(p.list_activity, 0) > 0
                """,
                [.textArray(part.map(\.tenant)), .int8Array(part.map(\.key)), .int8Array(part.map(\.lastN))],
                within: nil)
            for (tenant, large) in Dictionary(grouping: part.filter(\.isLarge), by: \.tenant) {
                try connection.run(
                    "SELECT postbox.set_least_marks($1, $2)", [.text(tenant), .int8Array(large.map(\.key))], within: nil
                )
            }
            guard wasUsed else { continue }
            let new = part.filter(\.isNew)
            try connection.run(
                "SELECT postbox.complete_lists($1, $2, $3)",
                [
                    .textArray(new.map(\.tenant)), .int8Array(new.map(\.key)),
                    .int4(Int32(clamping: bounds.mostCopies)),
                ], within: nil)
        }
    }
}

/// A conversation that gets a change number at the end of an import.
private struct NumberedConversation {
    let key: Int64
    let tenant: String
    /// The number of its last message, where the change is its last activity too.
    var lastN: Int64?
    var isLarge = false
    var isNew = false

    init(key: Int64, tenant: String) {
        (self.key, self.tenant) = (key, tenant)
    }

    init(_ conversation: ImportedConversation) {
        (key, tenant) = (conversation.key, conversation.tenant.text)
        let isActive = conversation.isNew || conversation.latestStored != nil || conversation.activity != nil
        lastN = isActive ? conversation.lastN : nil
        (isLarge, isNew) = (conversation.isLarge, conversation.isNew)
    }
}

extension Importer {
    private func open(
        _ opening: NewConversation, _ tenant: TenantID, _ openedAt: Timestamp, _ pruning: Pruning, _ activity: Int64?
    ) throws -> Bool {
        if opening.isDirect, let known = try findDirect(opening.participants, tenant) {
            guard known == opening.id else { throw ImportError.directConversationExists(known) }
            return false
        }
        if let known = try find(opening.id, tenant) {
            guard known.users == Set(opening.participants) else { throw ImportError.otherParticipants(opening.id) }
            return false
        }
        let key = try rows.nextKey()
        try rows.add(
            opening, key: key, tenant: tenant, openedAt: openedAt, pruning: pruning, change: firstChange)
        let conversation = Conversation(
            id: opening.id, key: key, lastN: pruning.upTo, prunedUpTo: pruning.upTo,
            participants: opening.participants.map { Conversation.Participant(user: $0, readUpTo: pruning.upTo) })
        conversations[ConversationKey(tenant: tenant, id: opening.id)] = ImportedConversation(
            conversation, tenant: tenant, pruning: pruning, isNew: true, activity: activity, rows: rows)
        if opening.isDirect { directs[Self.pair(opening.participants, tenant)] = opening.id }
        return true
    }

    /// The direct conversation of a pair, given in order.
    private func findDirect(_ pair: [UserID], _ tenant: TenantID) throws -> ConversationID? {
        if let known = directs[Self.pair(pair, tenant)] { return known }
        guard wasUsed else { return nil }
        let found = try connection.run(
            """
            SELECT c.id FROM postbox.conversations c
            WHERE c.tenant_id = $1 AND c.direct_low = $2 AND c.direct_high = $3 AND c.direct_low IS NOT NULL
            """, [.text(tenant.text), .text(pair[0].text), .text(pair[1].text)], within: nil)
        return found.count > 0 ? ConversationID(trusted: try found.requiredText(0, 0)) : nil
    }

    /// A pair as a key: the length says where the first id ends.
    private static func pair(_ users: [UserID], _ tenant: TenantID) -> ConversationKey {
        let text = "\(users[0].text.utf8.count):\(users[0].text)\(users[1].text)"
        return ConversationKey(tenant: tenant, id: ConversationID(trusted: text))
    }

    private func conversation(_ id: ConversationID, _ tenant: TenantID) throws -> ImportedConversation {
        guard let found = try find(id, tenant) else { throw ImportError.unknownConversation(id) }
        return found
    }

    private func find(_ id: ConversationID, _ tenant: TenantID) throws -> ImportedConversation? {
        let name = ConversationKey(tenant: tenant, id: id)
        if let known = conversations[name] { return known }
        guard wasUsed else { return nil }
        let found = try connection.run(
            """
            SELECT c.key, c.last_n, c.pruned_up_to, c.pruned_before_ms,
                ARRAY(SELECT p.user_id FROM postbox.participants p
                    WHERE p.tenant_id = c.tenant_id AND p.conversation_key = c.key ORDER BY p.user_id),
                ARRAY(SELECT p.read_up_to FROM postbox.participants p
                    WHERE p.tenant_id = c.tenant_id AND p.conversation_key = c.key ORDER BY p.user_id)
            FROM postbox.conversations c WHERE c.tenant_id = $1 AND c.id = $2
            """, [.text(tenant.text), .text(id.text)], within: nil)
        guard found.count > 0 else { return nil }
        let users = try found.textArray(0, 4).compactMap { $0.map(UserID.init(trusted:)) }
        let pruning = Pruning(
            upTo: try found.requiredInt8(0, 2), before: try found.int8(0, 3).map(Timestamp.init(milliseconds:)))
        let stored = Conversation(
            id: id, key: try found.requiredInt8(0, 0), lastN: try found.requiredInt8(0, 1), prunedUpTo: pruning.upTo,
            participants: zip(users, try found.int8Array(0, 5)).map {
                Conversation.Participant(user: $0, readUpTo: $1)
            })
        let conversation = ImportedConversation(
            stored, tenant: tenant, pruning: pruning, isNew: false, rows: rows)
        conversations[name] = conversation
        return conversation
    }
}
