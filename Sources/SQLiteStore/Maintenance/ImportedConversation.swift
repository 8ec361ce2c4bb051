import GRDB
import Messaging
import StoreWork

/// A conversation while records of it are imported: kept in memory, so that a message costs one insert.
final class ImportedConversation {
    let key: Int64
    let id: ConversationID
    /// Its place in lists, where the record that opened it says so.
    let activity: Int64?
    /// Its place in lists, where a record of the import says so, whether that opened it or not.
    private var recordedActivity: Int64?
    private(set) var lastN: Int64
    /// The last message this import reached, stored now, before, or pruned; nil before the first.
    private(set) var reached: Int64?
    /// When that was sent.
    private(set) var latestReached: Timestamp?
    /// When the last message stored now was sent; nil where there is none.
    private(set) var latestStored: Timestamp?
    /// Whether its participants would see a difference.
    private(set) var isChanged: Bool

    private var participants: [UserID: Participant] = [:]
    /// Whether no record of it can have been pruned: the import opened it, or its record says the same pruning as is stored here. Its
    /// messages are what that pruning left, and those of them that lost their content keep their places.
    private var isWhole: Bool
    private let messages: StoredMessages
    private let conversations: StoredConversations
    private var pruning: Pruning?
    /// Whether it has messages that were stored before this import, or in an earlier step of it.
    private let hasMessages: Bool
    /// Whether it had messages before this import.
    private let hadMessages: Bool
    /// Its messages without a key that no record has matched yet; read when first needed.
    private var unmatched: UnmatchedMessages?

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

    /// - Parameters:
    ///   - isNew: whether a record of this transaction opened it.
    ///   - earlier: what earlier transactions of the same import did with it; nil where they did nothing.
    init(
        _ conversation: Conversation, isNew: Bool, activity: Int64? = nil, earlier: ImportProgress? = nil, db: Database
    ) {
        key = conversation.key
        id = conversation.id
        lastN = conversation.lastN
        self.activity = activity
        recordedActivity = activity ?? earlier?.activity
        hasMessages = conversation.lastN > conversation.prunedUpTo
        hadMessages = earlier?.hadMessages ?? hasMessages
        isChanged = isNew
        isWhole = earlier?.isWhole ?? isNew
        (reached, latestReached, unmatched) = (earlier?.reached, earlier?.latest, earlier?.unmatched)
        messages = StoredMessages(db: db, key: conversation.key)
        conversations = StoredConversations(db: db)
        for participant in conversation.participants {
            participants[participant.user] = Participant(readUpTo: participant.readUpTo)
        }
    }

    var users: Set<UserID> { Set(participants.keys) }

    /// What later transactions of the same import have to know.
    var progress: ImportProgress {
        ImportProgress(
            key: key, isWhole: isWhole, hadMessages: hadMessages, activity: recordedActivity, reached: reached,
            latest: latestReached,
            unmatched: unmatched)
    }

    /// Notes that something its participants see has changed elsewhere, such as a name.
    func touch() {
        isChanged = true
    }

    /// Notes what a record says of the conversation, which is there already: its place in lists, and up to where it was pruned.
    func note(activity: Int64?, _ pruning: Pruning) throws {
        recordedActivity = activity ?? recordedActivity
        if try readPruning() == pruning { isWhole = true }
    }

    /// Stores a message unless it is there already or was pruned.
    func add(_ message: ImportedMessage) throws -> Outcome {
        guard var sender = participants[message.sender] else { throw ImportError.notAParticipant(message.sender, id) }
        if let known = try number(of: message) {
            if known >= reached ?? 0 { (reached, latestReached) = (known, message.sentAt) }
            return .known
        }
        if let last = try lastPruned(with: message) {
            reached = max(reached ?? 0, last)
            return .pruned
        }
        let count = try (sender.count ?? (hasMessages ? messages.count(of: message.sender) : 0)) + 1
        let stored = Message(
            n: lastN + 1, sender: message.sender, content: message.text, sentAt: message.sentAt,
            clientMessageID: message.clientMessageID)
        try messages.insert(stored, senderN: count)
        sender.count = count
        participants[message.sender] = sender
        lastN += 1
        (reached, latestReached) = (lastN, message.sentAt)
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
    /// For a conversation that is whole it is nil: its numbers begin after the messages that were pruned in the exporting store.
    private func lastPruned(with message: ImportedMessage) throws -> Int64? {
        guard !isWhole else { return nil }
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
        let left = try unmatched ?? UnmatchedMessages(messages.fingerprints(after: 0, upTo: lastN, limit: .max))
        unmatched = left
        return left.take(
            MessageFingerprint(
                sender: message.sender, milliseconds: message.sentAt.milliseconds, content: message.text))
    }
}

extension ImportedMessage {
    /// The text as it is stored. Empty only for an erased message.
    fileprivate var text: String { content?.text ?? "" }
}
