import Messaging
import StoreWork

/// The calls of the schema's functions that write, on the writer's connection.
///
/// Each is one statement, and so one transaction. It sets `synchronous_commit` for itself, whatever the role and a pooler say: what was
/// answered is on disk.
final class WriteCalls {
    /// What `postbox.write` returned for one message.
    enum DraftState: Int32 {
        case stored = 0
        /// An earlier try had stored it.
        case same = 1
        /// An earlier message with this key has other content.
        case conflict = 2
    }

    /// What `postbox.write` returned.
    struct Written {
        let base: Int64
        let numbers: [Int64]
        let states: [DraftState]
        let sentAts: [Int64]
        let marks: [Int64]
        let unread: [Int64]
    }

    /// What `postbox.open` did.
    enum Opening {
        case opened(Conversation)
        case existed(ConversationID)
        /// Other people have a conversation with this id.
        case taken
    }

    let connection: PostgresConnection
    private let epoch: Epoch
    private let writer: Int64
    private let bounds: StoreBounds
    private let isReplicated: Bool
    private var isUnconfirmed = false
    private var receipt = Receipt()

    init(
        _ connection: PostgresConnection, epoch: Epoch, writer: Int64, bounds: StoreBounds, isReplicated: Bool
    ) {
        self.connection = connection
        self.epoch = epoch
        self.writer = writer
        self.bounds = bounds
        self.isReplicated = isReplicated
    }

    /// Whether all calls since the last look have the confirmation of a standby, where one is required.
    func takeConfirmation() -> Bool {
        defer { isUnconfirmed = false }
        return !isUnconfirmed
    }

    /// What calls of the writer tell the other nodes.
    struct Receipt {
        /// The position of the last row in the feed; nil where there is none.
        var position: Int64?
        /// The greatest D of the other nodes in milliseconds; nil where there were none.
        var others: Int32?
    }

    /// The receipt of all calls since the last look.
    func takeReceipt() -> Receipt {
        defer { receipt = Receipt() }
        return receipt
    }

    /// Makes the commit of this transaction durable, whatever the role says: as a column of a statement.
    static let durable = """
        set_config('synchronous_commit',
            CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)
        """

    /// How long a look-up may take.
    private static let lookupLimit = Duration.seconds(5)

    /// Runs a statement that writes, and waits for its commit without end: a writer that is cancelled while it waits for a standby leaves
    /// a commit that is visible and not confirmed.
    func commit(
        _ columns: String, _ call: String, _ values: [PostgresValue], positionColumn: Int = 0
    ) throws(PostgresError) -> PostgresRows {
        let warnings = connection.warnings
        // Without standbys the division fails, and nothing is committed.
        let check =
            isReplicated
            ? ", 1 / (current_setting('synchronous_standby_names') <> '')::int, \(Confirmation.warned)" : ""
        let rows: PostgresRows
        do {
            rows = try connection.runOften(
                "SELECT \(columns), \(Self.durable)\(check), postbox.other_bound($2) FROM \(call)",
                [.text(epoch.text), .int8(writer)] + values, within: nil)
        } catch PostgresError.refused("22012", _) where isReplicated {
            throw .noStandby
        }
        if isReplicated, try !connection.isConfirmed(since: warnings) { isUnconfirmed = true }
        let others = try rows.int4(0, rows.columns - 1)
        receipt.others = receipt.others.map { max($0, others ?? 0) } ?? others
        if let position = try rows.int8(0, positionColumn) { receipt.position = position }
        return rows
    }

    /// Stores messages and read markers.
    ///
    /// - Parameter key: the key of a conversation.
    func write(
        _ sends: [WriteBatch.PendingSend], _ reads: [WriteBatch.PendingRead], _ payload: FeedPayload,
        key: (ConversationKey) -> Int64
    ) throws(PostgresError) -> Written {
        let values: [PostgresValue] = [
            .textArray(sends.map(\.conversation.tenant.text)), .int8Array(sends.map { key($0.conversation) }),
            .textArray(sends.map(\.draft.caller.user.text)), .textArray(sends.map(\.draft.content.text)),
            .textArray(sends.map(\.draft.clientMessageID)), .int8Array(sends.map(\.draft.sentAt.milliseconds)),
            .textArray(reads.map(\.conversation.tenant.text)), .int8Array(reads.map { key($0.conversation) }),
            .textArray(reads.map(\.caller.user.text)), .int8Array(reads.map(\.upTo)), .bytes(payload.bytes),
        ]
        let rows = try commit(
            "w.base, w.ns, w.states, w.ats, w.marks, w.unread",
            "postbox.write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) w", values)
        var states: [DraftState] = []
        for number in try rows.int4Array(0, 2) {
            guard let state = DraftState(rawValue: number) else { throw .malformed("the state \(number)") }
            states.append(state)
        }
        let written = Written(
            base: try rows.requiredInt8(0, 0), numbers: try rows.int8Array(0, 1), states: states,
            sentAts: try rows.int8Array(0, 3), marks: try rows.int8Array(0, 4), unread: try rows.int8Array(0, 5))
        guard written.numbers.count == sends.count, states.count == sends.count,
            written.sentAts.count == sends.count, written.marks.count == reads.count,
            written.unread.count == reads.count
        else { throw .malformed("another number of writes than asked for") }
        return written
    }

    /// Opens a conversation, or finds the one that is meant.
    func open(
        _ newConversation: NewConversation, tenant: TenantID, at moment: Timestamp
    ) throws(PostgresError) -> (state: Opening, id: ConversationID) {
        let opened = FeedConversation(
            tenant: tenant, key: 0, id: newConversation.id, participants: newConversation.participants)
        let rows = try commit(
            "o.base, o.key, o.id, o.state", "postbox.open($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) o",
            [
                .text(tenant.text), .text(newConversation.id.text), .ids(newConversation.participants),
                .bool(newConversation.isDirect), .int8(moment.milliseconds),
                .bytes(FeedPayload([.opened(opened)]).bytes),
                .int4(Int32(bounds.shortList)), .int4(Int32(bounds.mostCopies)),
                .int4(Int32(bounds.listsCheckedAtOnce)),
            ])
        let id = ConversationID(trusted: try rows.requiredText(0, 2))
        switch try rows.requiredInt4(0, 3) {
        case 0:
            let conversation = Conversation(
                id: id, key: try rows.requiredInt8(0, 1), lastN: 0, change: try rows.requiredInt8(0, 0),
                participants: newConversation.participants.map { Conversation.Participant(user: $0) })
            return (.opened(conversation), id)
        case 1: return (.existed(id), id)
        default: return (.taken, id)
        }
    }

    /// One step of a renaming: what it changed, and how it goes on.
    struct Renamed {
        let progress: RenameProgress
        let conversations: [Conversation]
    }

    /// Takes a step of a renaming.
    func rename(_ person: Person, tenant: TenantID, number: Int64?) throws(PostgresError) -> Renamed {
        try renamed(
            "postbox.rename($1, $2, $3, $4, $5, $6, $7, $8, $9) r",
            [
                .text(tenant.text), .text(person.id.text), .text(person.name.map(Self.storable)),
                .text(person.company.map(Self.storable)), .int8(number), .bytes(FeedPayload([.renamed(tenant)]).bytes),
                .int4(Int32(bounds.rowsRenamedAtOnce)),
            ])
    }

    /// Takes a step of whatever renaming of the user is unfinished.
    func resumeRenaming(of user: UserID, tenant: TenantID) throws(PostgresError) -> Renamed {
        try renamed(
            "postbox.resume_renaming($1, $2, $3, $4, $5, $6) r",
            [
                .text(tenant.text), .text(user.text), .bytes(FeedPayload([.renamed(tenant)]).bytes),
                .int4(Int32(bounds.rowsRenamedAtOnce)),
            ])
    }

    private func renamed(_ call: String, _ values: [PostgresValue]) throws(PostgresError) -> Renamed {
        let rows = try commit(
            """
            r.is_done, r.number, r.base, r.keys, r.ids, r.last_ns, r.pruned_up_tos, r.member_counts, r.members, r.marks,
            r.revisions
            """, call, values, positionColumn: 2)
        let progress: RenameProgress =
            try rows.requiredBool(0, 0) ? .done : .unfinished(number: try rows.int8(0, 1))
        guard let base = try rows.int8(0, 2) else { return Renamed(progress: progress, conversations: []) }
        let (keys, ids) = (try rows.int8Array(0, 3), try rows.textArray(0, 4))
        let (lastNs, pruned) = (try rows.int8Array(0, 5), try rows.int8Array(0, 6))
        let (counts, members) = (try rows.int4Array(0, 7).map(Int.init), try rows.textArray(0, 8))
        let (marks, revisions) = (try rows.int8Array(0, 9), try rows.int8Array(0, 10))
        guard revisions.count == keys.count, ids.count == keys.count, lastNs.count == keys.count,
            pruned.count == keys.count,
            counts.count == keys.count, counts.allSatisfy({ $0 >= 0 }), counts.reduce(0, +) == members.count,
            marks.count == members.count
        else { throw .malformed("a renaming whose parts do not match") }
        var conversations: [Conversation] = []
        var start = 0
        for (place, key) in keys.enumerated() {
            let range = start..<start + counts[place]
            start = range.upperBound
            guard let id = ids[place] else { throw .malformed("a conversation without an id") }
            conversations.append(
                Conversation(
                    id: ConversationID(trusted: id), key: key, lastN: lastNs[place], prunedUpTo: pruned[place],
                    revision: revisions[place], change: base + Int64(place) + 1,
                    participants: try ConversationRows.participants(members[range], marks[range])))
        }
        return Renamed(progress: progress, conversations: conversations)
    }

    /// Removes U+0000, which PostgreSQL does not store, as the SQLite store does.
    private static func storable(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 }))
    }
}

extension WriteCalls {
    /// Reads conversations in one statement; those that are not there are left out.
    func load(_ lookups: [WriteBatch.Lookup]) throws(PostgresError) -> [WriteBatch.Lookup: Conversation] {
        var (ids, pairs): ([Int], [Int]) = ([], [])
        for (index, lookup) in lookups.enumerated() {
            switch lookup {
            case .id: ids.append(index)
            case .direct: pairs.append(index)
            }
        }
        var found: [WriteBatch.Lookup: Conversation] = [:]
        for (function, indices) in [("find_conversation", ids), ("find_direct", pairs)] where !indices.isEmpty {
            let names = indices.map { Self.names(lookups[$0]) }
            let rows = try connection.runOften(
                """
                SELECT w.i, f.* FROM unnest($1, $2, $3) WITH ORDINALITY w (tenant, one, other, i)
                    CROSS JOIN LATERAL postbox.\(function)(w.tenant, w.one, w.other) f
                """,
                [.textArray(names.map(\.0)), .textArray(names.map(\.1)), .textArray(names.map(\.2))],
                within: Self.lookupLimit)
            for row in 0..<rows.count {
                let place = Int(try rows.requiredInt8(row, 0)) - 1
                guard indices.indices.contains(place) else { throw .malformed("a row that was not asked for") }
                found[lookups[indices[place]]] = try ConversationRows(rows: rows, first: 1).conversation(row)
            }
        }
        return found
    }

    private static func names(_ lookup: WriteBatch.Lookup) -> (String, String, String) {
        switch lookup {
        case .id(let name, let user): (name.tenant.text, name.id.text, user.text)
        case .direct(let pair): (pair.tenant.text, pair.low.text, pair.high.text)
        }
    }

    /// Whether two users share any conversation; true also where both have too many to find out.
    func mayBeTogether(_ one: UserID, _ other: UserID, tenant: TenantID) throws(PostgresError) -> Bool {
        let rows = try connection.run(
            "SELECT postbox.may_be_together($1, $2, $3)", [.text(tenant.text), .text(one.text), .text(other.text)],
            within: Self.lookupLimit)
        return try rows.requiredBool(0, 0)
    }

    /// Whether a sender has a message with this key in a conversation.
    func hasMessage(_ clientMessageID: String, of sender: Caller, in key: Int64) throws(PostgresError) -> Bool {
        let rows = try connection.run(
            "SELECT 1 FROM postbox.find_message($1, $2, $3, $4)",
            [.text(sender.tenant.text), .int8(key), .text(sender.user.text), .text(clientMessageID)],
            within: Self.lookupLimit)
        return rows.count > 0
    }
}
