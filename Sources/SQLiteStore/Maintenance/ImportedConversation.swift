import GRDB
import Messaging
import StoreWork

/// A conversation while records of it are imported: kept in memory, so that a message costs one insert.
final class ImportedConversation {
    let key: Int64
    let id: ConversationID
    /// Its place in lists, where the record that opened it says so.
    let activity: Int64?
    private(set) var lastN: Int64
    /// The last message this import reached, stored now, before, or pruned; nil before the first.
    private(set) var reached: Int64?
    /// When the last message stored now was sent; nil where there is none.
    private(set) var latestStored: Timestamp?
    /// Whether its participants would see a difference.
    private(set) var isChanged: Bool

    private var participants: [UserID: Participant] = [:]
    private let isNew: Bool
    private let messages: StoredMessages
    private let conversations: StoredConversations
    private var pruning: Pruning?
    private let hadMessages: Bool
    /// The stored messages without a key that no record has matched yet, latest first; read when first needed.
    private var unmatched: [MessageFingerprint: [Int64]]?

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

    init(_ conversation: Conversation, isNew: Bool, activity: Int64? = nil, db: Database) {
        key = conversation.key
        id = conversation.id
        lastN = conversation.lastN
        self.activity = activity
        hadMessages = conversation.lastN > conversation.prunedUpTo
        isChanged = isNew
        self.isNew = isNew
        messages = StoredMessages(db: db, key: conversation.key)
        conversations = StoredConversations(db: db)
        for participant in conversation.participants {
            participants[participant.user] = Participant(readUpTo: participant.readUpTo)
        }
    }

    var users: Set<UserID> { Set(participants.keys) }

    /// Notes that something its participants see has changed elsewhere, such as a name.
    func touch() {
        isChanged = true
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
        let count = try (sender.count ?? (hadMessages ? messages.count(of: message.sender) : 0)) + 1
        let stored = Message(
            n: lastN + 1, sender: message.sender, content: message.text, sentAt: message.sentAt,
            clientMessageID: message.clientMessageID)
        try messages.insert(stored, senderN: count)
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
    func markRead(by user: UserID, upTo: Int64?, _ stored: StoredParticipants) throws -> Bool {
        guard var reader = participants[user] else { throw ImportError.notAParticipant(user, id) }
        let target = upTo ?? reached ?? lastN
        guard (0...lastN).contains(target) else {
            throw ImportError.readBeyondLast(upTo: target, lastN: lastN, id)
        }
        guard target > reader.readUpTo else { return false }
        reader.readUpTo = target
        participants[user] = reader
        // The change number that the conversation takes at the end tells all participants, the reader included.
        try stored.setReadUpTo(target, of: user, in: key, change: 0)
        isChanged = true
        return true
    }

    /// The number of the stored message that this record means; nil where it is a new one.
    private func number(of message: ImportedMessage) throws -> Int64? {
        guard let clientMessageID = message.clientMessageID else { return try matchUnkeyed(message) }
        guard !clientMessageID.utf8.contains(0) else { throw ImportError.unusableText }
        guard let known = try messages.find(clientMessageID: clientMessageID, of: message.sender) else { return nil }
        let isSame = try known.content.hasSameBytes(as: message.text) || isEmptied(known)
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
        let pruning = try readPruning()
        if let moment = pruning.before { return message.sentAt.milliseconds < moment.milliseconds ? pruning.upTo : nil }
        guard pruning.upTo > 0 else { return nil }
        // The cutoff of that pruning is unknown, but it is not later than the time of the first stored message, which pruning kept. So a
        // message sent at that time or later was not pruned.
        guard let oldest = try messages.oldest(), message.sentAt.milliseconds >= oldest.sentAt.milliseconds else {
            throw ImportError.prunedBeforeUnknownMoment(id)
        }
        return nil
    }

    /// Whether a stored message kept its place and lost its content when the conversation was pruned.
    private func isEmptied(_ message: Message) throws -> Bool {
        guard message.content.isEmpty, let moment = try readPruning().before else { return false }
        return message.sentAt.milliseconds < moment.milliseconds
    }

    private func readPruning() throws -> Pruning {
        if let pruning { return pruning }
        let read = try conversations.pruning(of: key)
        pruning = read
        return read
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
        try messages.forEachWithoutKey { message in
            let fingerprint = MessageFingerprint(
                sender: message.sender, milliseconds: message.sentAt.milliseconds, content: message.content)
            found[fingerprint, default: []].append(message.n)
        }
        return found.mapValues { $0.reversed() }
    }
}

extension ImportedMessage {
    /// The text as it is stored. Empty only for an erased message.
    fileprivate var text: String { content?.text ?? "" }
}
