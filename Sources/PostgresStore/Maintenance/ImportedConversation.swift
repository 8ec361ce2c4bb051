import Messaging
import StoreWork

/// A conversation while records of it are imported: kept in memory, so that a message costs a row of a batch.
final class ImportedConversation {
    let key: Int64
    let id: ConversationID
    let tenant: TenantID
    /// Its place in lists, where the record that opened it says so.
    let activity: Int64?
    /// Whether this import opened it.
    let isNew: Bool
    private(set) var lastN: Int64
    /// The last message this import reached, stored now, before, or pruned; nil before the first.
    private(set) var reached: Int64?
    /// When the last message stored now was sent; nil where there is none.
    private(set) var latestStored: Timestamp?
    /// Whether its participants would see a difference.
    private(set) var isChanged: Bool

    private var participants: [UserID: Participant] = [:]
    private let pruning: Pruning
    private let hadMessages: Bool
    private let rows: ImportRows
    /// The stored messages without a key that no record has matched yet, latest first; read when first needed.
    private var unmatched: [MessageFingerprint: [Int64]]?
    private var hasReadKeys = false

    /// The result for a message.
    enum Outcome {
        case stored
        /// It was there already.
        case known
        /// It was sent before the moment up to which the conversation was pruned.
        case pruned
    }

    private struct Participant {
        var readUpTo: Int64
        /// How many messages they have written here; nil until it is read.
        var count: Int64?
    }

    init(
        _ conversation: Conversation, tenant: TenantID, pruning: Pruning, isNew: Bool, activity: Int64? = nil,
        rows: ImportRows
    ) {
        key = conversation.key
        id = conversation.id
        lastN = conversation.lastN
        self.tenant = tenant
        self.activity = activity
        self.pruning = pruning
        hadMessages = conversation.lastN > pruning.upTo
        isChanged = isNew
        self.isNew = isNew
        self.rows = rows
        for participant in conversation.participants {
            participants[participant.user] = Participant(readUpTo: participant.readUpTo)
        }
    }

    var users: Set<UserID> { Set(participants.keys) }

    /// Whether its two least read markers are kept.
    var isLarge: Bool { participants.count > ConversationSummary.mostPeople }

    /// The stored messages, with all that wait to be inserted.
    private func history() throws -> StoredHistory {
        try rows.flush()
        return StoredHistory(connection: rows.connection, tenant: tenant, key: key)
    }

    /// Stores a message unless it is there already or was pruned.
    func add(_ message: ImportedMessage) throws -> Outcome {
        guard var sender = participants[message.sender] else { throw ImportError.notAParticipant(message.sender, id) }
        if let known = try number(of: message) {
            reached = max(reached ?? 0, known)
            return .known
        }
        if let last = try lastPruned(with: message) {
            reached = max(reached ?? 0, last)
            return .pruned
        }
        let count = try (sender.count ?? (hadMessages ? history().count(of: message.sender) : 0)) + 1
        let stored = Message(
            n: lastN + 1, sender: message.sender, content: message.text, sentAt: message.sentAt,
            clientMessageID: message.clientMessageID)
        try rows.add(stored, senderN: count, to: key, tenant: tenant)
        sender.count = count
        participants[message.sender] = sender
        lastN += 1
        reached = lastN
        latestStored = message.sentAt
        isChanged = true
        return .stored
    }

    /// Moves a read marker forward; returns whether it moved.
    ///
    /// Without a position it goes to the last message this import reached: what people have written here since an earlier
    /// run of the same import is not read by running it again.
    func markRead(by user: UserID, upTo: Int64?) throws -> Bool {
        guard var reader = participants[user] else { throw ImportError.notAParticipant(user, id) }
        let target = upTo ?? reached ?? lastN
        guard (0...lastN).contains(target) else {
            throw ImportError.readBeyondLast(upTo: target, lastN: lastN, id)
        }
        guard target > reader.readUpTo else { return false }
        reader.readUpTo = target
        participants[user] = reader
        // The change number that the conversation takes at the end tells all participants, the reader included.
        try rows.move(markerOf: user, to: target, in: key, tenant: tenant)
        isChanged = true
        return true
    }

    /// The number of the stored message that this record means; nil where it is a new one.
    private func number(of message: ImportedMessage) throws -> Int64? {
        guard let clientMessageID = message.clientMessageID else { return try matchUnkeyed(message) }
        guard !clientMessageID.utf8.contains(0) else { throw ImportError.unusableText }
        if hadMessages, !hasReadKeys {
            try history().forEachKey { rows.keys.insert($1, of: $0, in: key) }
            hasReadKeys = true
        }
        guard rows.keys.mayContain(clientMessageID, of: message.sender.text, in: key) else {
            rows.keys.insert(clientMessageID, of: message.sender.text, in: key)
            return nil
        }
        guard let known = try history().find(clientMessageID: clientMessageID, of: message.sender) else { return nil }
        let isSame = known.content.hasSameBytes(as: message.text) || isEmptied(known)
        guard isSame, known.sentAt == message.sentAt else {
            throw ImportError.messageConflict(clientMessageID: clientMessageID, id)
        }
        return known.n
    }

    /// The number of the last message that was pruned, where a message that is not stored was pruned too; nil where it is a new one.
    ///
    /// For a conversation that this import opened it is nil: its numbers begin after the messages that were pruned in the exporting store,
    /// so no record for it was pruned.
    private func lastPruned(with message: ImportedMessage) throws -> Int64? {
        guard !isNew else { return nil }
        if let moment = pruning.before { return message.sentAt.milliseconds < moment.milliseconds ? pruning.upTo : nil }
        guard pruning.upTo > 0 else { return nil }
        // The cutoff of that pruning is unknown, but it is not later than the time of the first stored message, which pruning kept. So a
        // message sent at that time or later was not pruned.
        guard let oldest = try history().oldest(), message.sentAt.milliseconds >= oldest.milliseconds else {
            throw ImportError.prunedBeforeUnknownMoment(id)
        }
        return nil
    }

    /// Whether a stored message kept its place and lost its content when the conversation was pruned.
    private func isEmptied(_ message: StoredHistory.Keyed) -> Bool {
        guard message.content.isEmpty, let moment = pruning.before else { return false }
        return message.sentAt.milliseconds < moment.milliseconds
    }

    /// Equal records match equal stored messages one by one: the first the first, the second the second.
    private func matchUnkeyed(_ message: ImportedMessage) throws -> Int64? {
        guard hadMessages else { return nil }
        var left = try unmatched ?? readUnmatched()
        unmatched = nil
        defer { unmatched = left }
        let fingerprint = MessageFingerprint(
            sender: message.sender, milliseconds: message.sentAt.milliseconds, content: message.text)
        return left[fingerprint]?.popLast()
    }

    private func readUnmatched() throws -> [MessageFingerprint: [Int64]] {
        var found: [MessageFingerprint: [Int64]] = [:]
        try history().forEachWithoutKey { found[$0, default: []].append($1) }
        return found.mapValues { $0.reversed() }
    }
}

extension ImportedMessage {
    /// The text as it is stored. Empty only for an erased message.
    fileprivate var text: String { content?.text ?? "" }
}
