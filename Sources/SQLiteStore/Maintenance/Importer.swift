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
        case .conversation(let newConversation, let tenant, let openedAt, let pruning, let activity):
            isNews = try open(newConversation, tenant, openedAt, pruning, activity)
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
            try transaction.conversations.updateLowestReadMarks(in: key)
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
        _ newConversation: NewConversation, _ tenant: TenantID, _ openedAt: Timestamp, _ pruning: Pruning,
        _ activity: Int64?
    ) throws -> Bool {
        if newConversation.isDirect,
            let known = try transaction.conversations.findDirect(newConversation.participants, tenant: tenant)
        {
            guard known.id == newConversation.id else { throw ImportError.directConversationExists(known.id) }
            return false
        }
        if let known = try find(newConversation.id, tenant) {
            guard known.users == Set(newConversation.participants) else {
                throw ImportError.otherParticipants(newConversation.id)
            }
            return false
        }
        let (conversation, _) = try transaction.conversations.insert(
            newConversation, tenant: tenant, at: openedAt, change: transaction.nextChange(), pruning: pruning,
            transaction.longLists)
        conversations[ConversationKey(tenant: tenant, id: newConversation.id)] = ImportedConversation(
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
