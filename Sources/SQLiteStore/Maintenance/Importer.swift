import GRDB
import Messaging

/// One import, inside one transaction.
///
/// A record changes rows at once, except for the rows of conversations: their new state is in memory until ``finish()``.
final class Importer {
    private let transaction: WriteTransaction
    private let people: StoredPeople
    private var conversations: [ConversationKey: ImportedConversation] = [:]
    private var renamed: [(UserID, TenantID)] = []
    private(set) var summary = ImportSummary()

    init(_ transaction: WriteTransaction) {
        self.transaction = transaction
        people = StoredPeople(db: transaction.db)
    }

    func take(_ record: ImportRecord) throws {
        let isNews: Bool
        switch record {
        case .person(let person, let tenant):
            isNews = try set(person, tenant)
            summary.people += isNews ? 1 : 0
        case .conversation(let opening, let tenant, let openedAt, let pruning, let activity):
            isNews = try open(opening, tenant, openedAt, pruning, activity)
            summary.conversations += isNews ? 1 : 0
        case .message(let message, let tenant):
            let outcome = try conversation(message.conversation, tenant).add(message)
            isNews = outcome == .stored
            summary.messages += isNews ? 1 : 0
            summary.pruned += outcome == .pruned ? 1 : 0
        case .read(let id, let user, let tenant, let upTo):
            isNews = try conversation(id, tenant).markRead(by: user, upTo: upTo, transaction.participants)
            summary.readMarkers += isNews ? 1 : 0
        }
        summary.records += 1
        summary.skipped += isNews ? 0 : 1
    }

    /// Gives every conversation that changed its number, those with messages in the order of their last one.
    ///
    /// A history comes in conversation by conversation as a rule, and people expect the latest on top of their lists. Where a record
    /// says how active its conversation is, that counts, and not the clock.
    func finish() throws {
        for (user, tenant) in renamed {
            for key in try transaction.conversations.keys(of: user, tenant: tenant) {
                try touch(key, tenant)
            }
        }
        let changed = conversations.values.filter(\.isChanged).sorted {
            ($0.activity ?? .min, $0.latestStored?.milliseconds ?? .min, $0.key)
                < ($1.activity ?? .min, $1.latestStored?.milliseconds ?? .min, $1.key)
        }
        for conversation in changed {
            let isActive = conversation.latestStored != nil || conversation.activity != nil
            let key = conversation.key
            try transaction.conversations.update(
                key, change: transaction.nextChange(), lastN: isActive ? conversation.lastN : nil,
                activityCopies: try transaction.conversations.activityCopies(in: key))
            try transaction.conversations.updateLeastMarks(in: key)
        }
        try transaction.longLists.lengthenAll()
        try transaction.finish()
    }

    private func set(_ person: Person, _ tenant: TenantID) throws -> Bool {
        let differs = try people.set(person, tenant: tenant)
        if differs { renamed.append((person.id, tenant)) }
        return differs
    }

    private func open(
        _ opening: NewConversation, _ tenant: TenantID, _ openedAt: Timestamp, _ pruning: Pruning, _ activity: Int64?
    ) throws -> Bool {
        if opening.isDirect,
            let known = try transaction.conversations.findDirect(opening.participants, tenant: tenant)
        {
            guard known.id == opening.id else { throw ImportError.directConversationExists(known.id) }
            return false
        }
        if let known = try find(opening.id, tenant) {
            guard known.users == Set(opening.participants) else { throw ImportError.otherParticipants(opening.id) }
            return false
        }
        let (conversation, _) = try transaction.conversations.insert(
            opening, tenant: tenant, at: openedAt, change: transaction.nextChange(), pruning: pruning,
            transaction.longLists)
        conversations[ConversationKey(tenant: tenant, id: opening.id)] = ImportedConversation(
            conversation, isNew: true, activity: activity, db: transaction.db)
        return true
    }

    private func conversation(_ id: ConversationID, _ tenant: TenantID) throws -> ImportedConversation {
        guard let found = try find(id, tenant) else { throw ImportError.unknownConversation(id) }
        return found
    }

    private func find(_ id: ConversationID, _ tenant: TenantID) throws -> ImportedConversation? {
        let name = ConversationKey(tenant: tenant, id: id)
        if let known = conversations[name] { return known }
        guard let stored = try transaction.conversations.find(id, tenant: tenant) else { return nil }
        let found = ImportedConversation(stored, isNew: false, db: transaction.db)
        conversations[name] = found
        return found
    }

    private func touch(_ key: Int64, _ tenant: TenantID) throws {
        guard let stored = try transaction.conversations.find(key: key) else { return }
        try find(stored.conversation.id, tenant)?.touch()
    }
}

/// The result of an import.
package struct ImportSummary: Sendable, Equatable {
    /// How many records it read.
    package internal(set) var records = 0
    /// How many users it stored, new ones and changed ones.
    package internal(set) var people = 0
    /// How many conversations it opened.
    package internal(set) var conversations = 0
    /// How many messages it stored.
    package internal(set) var messages = 0
    /// How many messages it left out, because prune has taken away what was sent before or at their time in their conversation.
    package internal(set) var pruned = 0
    /// How many read markers it moved.
    package internal(set) var readMarkers = 0
    /// How many records were there already.
    package internal(set) var skipped = 0
}

/// Why a record cannot be imported; the list is closed. Nothing of the import is kept then.
package enum ImportError: Error, Equatable, Sendable {
    /// A message or a read marker names a conversation that no record before it and nothing in the store opened.
    case unknownConversation(ConversationID)
    /// The sender or reader does not take part in the conversation.
    case notAParticipant(UserID, ConversationID)
    /// The conversation is there already, with other participants.
    case otherParticipants(ConversationID)
    /// The pair has its direct conversation already, under another id.
    case directConversationExists(ConversationID)
    /// The sender's key is there already, on another message.
    case messageConflict(clientMessageID: String, ConversationID)
    /// A read marker lies beyond the last message.
    case readBeyondLast(upTo: Int64, lastN: Int64, ConversationID)
    /// The conversation was pruned by a version that did not note up to which moment, so the message may be one of those.
    case prunedUpToUnknownMoment(ConversationID)
    /// A text contains U+0000, which would not come back.
    case unusableText
}

extension ImportError: CustomStringConvertible {
    /// One sentence for the person who imports.
    package var description: String {
        switch self {
        case .unknownConversation(let id):
            "There is no conversation \(id); its record must come first."
        case .notAParticipant(let user, let id):
            "The user \(user) does not take part in the conversation \(id)."
        case .otherParticipants(let id):
            "The conversation \(id) exists already, with other participants."
        case .directConversationExists(let id):
            "These two have their direct conversation already: \(id)."
        case .messageConflict(let key, let id):
            "The key \(key) was used for another message of the same sender in the conversation \(id)."
        case .readBeyondLast(let upTo, let lastN, let id):
            "The read marker \(upTo) lies beyond the last message of the conversation \(id), which is \(lastN)."
        case .prunedUpToUnknownMoment(let id):
            "The conversation \(id) was pruned by an earlier version, and this message may have been pruned with it; leave it out."
        case .unusableText:
            "The key of a message must not contain U+0000."
        }
    }
}
