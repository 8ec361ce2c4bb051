import GRDB
import Messaging

/// A conversation while records of it are imported: kept in memory, so that a message costs one insert.
final class ImportedConversation {
    let key: Int64
    let id: ConversationID
    /// Its place in lists, where the record that opened it says so.
    let activity: Int64?
    private(set) var lastN: Int64
    /// The last message this import reached, stored now or before; 0 before the first.
    private(set) var reached: Int64 = 0
    /// When the last message stored now was sent; nil where there is none.
    private(set) var latestStored: Timestamp?
    /// Whether its participants would see a difference.
    private(set) var isChanged: Bool

    private var participants: [UserID: Participant] = [:]
    private let messages: StoredMessages
    private let hadMessages: Bool
    /// The stored messages without a key that no record has matched yet, latest first; read when first needed.
    private var unmatched: [MessageFingerprint: [Int64]]?

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
        messages = StoredMessages(db: db, key: conversation.key)
        for participant in conversation.participants {
            participants[participant.user] = Participant(readUpTo: participant.readUpTo)
        }
    }

    var users: Set<UserID> { Set(participants.keys) }

    /// Notes that something its participants see has changed elsewhere, such as a name.
    func touch() {
        isChanged = true
    }

    /// Stores a message unless it is there already; answers whether it did.
    func add(_ message: ImportedMessage) throws -> Bool {
        guard var sender = participants[message.sender] else { throw ImportError.notAParticipant(message.sender, id) }
        if let known = try number(of: message) {
            reached = max(reached, known)
            return false
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
        return true
    }

    /// Moves a read marker forward; answers whether it moved.
    ///
    /// Without a position it goes to the last message this import reached: what people have written here since an earlier
    /// run of the same import is not read by running it again.
    func markRead(by user: UserID, upTo: Int64?, _ stored: StoredParticipants) throws -> Bool {
        guard var reader = participants[user] else { throw ImportError.notAParticipant(user, id) }
        let target = upTo ?? (reached > 0 ? reached : lastN)
        guard (0...lastN).contains(target) else {
            throw ImportError.readBeyondLast(upTo: target, lastN: lastN, id)
        }
        guard target > reader.readUpTo else { return false }
        reader.readUpTo = target
        participants[user] = reader
        // The number that the conversation takes at the end tells everybody, the reader included.
        try stored.setReadUpTo(target, of: user, in: key, change: 0)
        isChanged = true
        return true
    }

    /// The number of the stored message that this record means; nil where it is a new one.
    private func number(of message: ImportedMessage) throws -> Int64? {
        guard let clientMessageID = message.clientMessageID else { return try matchUnkeyed(message) }
        guard !clientMessageID.utf8.contains(0) else { throw ImportError.unusableText }
        guard let known = try messages.find(clientMessageID: clientMessageID, of: message.sender) else { return nil }
        guard known.content.hasSameBytes(as: message.text), known.sentAt == message.sentAt else {
            throw ImportError.messageConflict(clientMessageID: clientMessageID, id)
        }
        return known.n
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
    /// The text as it is stored: an erased one is empty, which no other can be.
    fileprivate var text: String { content?.text ?? "" }
}
