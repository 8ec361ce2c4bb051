import GRDB
import Messaging

/// One import, or a step of one, inside one transaction.
///
/// A record changes rows at once, except for the rows of conversations: their new state is in memory until the end.
final class Importer {
    let transaction: WriteTransaction
    private let people: StoredPeople
    private(set) var conversations: [ConversationKey: ImportedConversation] = [:]
    private var renamed: [(UserID, TenantID)] = []
    private(set) var summary = ImportSummary()
    /// What earlier steps did with a conversation; nil where the import is one transaction.
    private let earlier: ((ConversationKey) -> ImportProgress?)?
    /// The renaming that the last record began and did not finish; only in a step.
    private(set) var renaming: (Person, TenantID, number: Int64?)?

    init(_ transaction: WriteTransaction, earlier: ((ConversationKey) -> ImportProgress?)? = nil) {
        self.transaction = transaction
        self.earlier = earlier
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

    /// Ends an import in one transaction: gives every conversation that changed its number, those with messages in the order of their
    /// last one.
    ///
    /// A history comes in conversation by conversation as a rule, and people expect the latest on top of their lists. Where a record
    /// says how active its conversation is, that counts, and not the clock.
    func finish() throws {
        for (user, tenant) in renamed {
            for key in try transaction.conversations.keys(of: user, tenant: tenant) {
                try touch(key, tenant)
            }
        }
        for (_, conversation) in changed { _ = try number(conversation) }
        try transaction.longLists.lengthenAll()
        try transaction.finish()
    }

    /// Ends a step: gives every conversation that changed its number, and records for observers what all participants see.
    func finishStep() throws {
        for (name, conversation) in changed {
            let change = try number(conversation)
            guard let stored = try transaction.conversations.find(key: conversation.key) else { continue }
            transaction.record(
                stored.conversation, tenant: name.tenant, change: change,
                seenBy: stored.conversation.participants.map(\.user))
            transaction.remember(stored, tenant: name.tenant)
        }
    }

    /// The conversations that changed, in the order of their last messages.
    private var changed: [(ConversationKey, ImportedConversation)] {
        conversations.filter(\.value.isChanged).sorted { one, other in
            let (one, other) = (one.value, other.value)
            return (one.activity ?? .min, one.latestStored?.milliseconds ?? .min, one.key)
                < (other.activity ?? .min, other.latestStored?.milliseconds ?? .min, other.key)
        }
    }

    private func number(_ conversation: ImportedConversation) throws -> Int64 {
        let isActive = conversation.latestStored != nil || conversation.activity != nil
        let (key, change) = (conversation.key, transaction.nextChange())
        try transaction.conversations.update(
            key, change: change, lastN: isActive ? conversation.lastN : nil,
            activityCopies: try transaction.conversations.activityCopies(in: key))
        try transaction.conversations.updateLowestReadMarks(in: key)
        return change
    }

    private func set(_ person: Person, _ tenant: TenantID) throws -> Bool {
        guard earlier == nil else { return try rename(person, tenant) }
        let differs = try people.set(person, tenant: tenant)
        if differs { renamed.append((person.id, tenant)) }
        return differs
    }

    /// Renames a user as a server does, so that one with many conversations takes further transactions.
    private func rename(_ person: Person, _ tenant: TenantID) throws -> Bool {
        let written = transaction.db.totalChangesCount
        if case .unfinished(let number) = try transaction.setPerson(person, tenant: tenant) {
            renaming = (person, tenant, number)
        }
        return transaction.db.totalChangesCount > written
    }

    private func open(
        _ newConversation: NewConversation, _ tenant: TenantID, _ openedAt: Timestamp, _ pruning: Pruning,
        _ activity: Int64?
    ) throws -> Bool {
        if newConversation.isDirect,
            let known = try transaction.conversations.findDirect(newConversation.participants, tenant: tenant)
        {
            guard known.id == newConversation.id else { throw ImportError.directConversationExists(known.id) }
            try find(known.id, tenant)?.note(activity: activity, pruning)
            return false
        }
        if let known = try find(newConversation.id, tenant) {
            guard known.users == Set(newConversation.participants) else {
                throw ImportError.otherParticipants(newConversation.id)
            }
            try known.note(activity: activity, pruning)
            return false
        }
        let conversation = try insert(newConversation, tenant, openedAt, pruning)
        conversations[ConversationKey(tenant: tenant, id: newConversation.id)] = ImportedConversation(
            conversation, isNew: true, activity: activity, db: transaction.db)
        return true
    }

    private func insert(
        _ newConversation: NewConversation, _ tenant: TenantID, _ openedAt: Timestamp, _ pruning: Pruning
    ) throws -> Conversation {
        let change = transaction.nextChange()
        guard earlier == nil else {
            return try transaction.insert(
                newConversation, tenant: tenant, at: openedAt, change: change, pruning: pruning
            ).conversation
        }
        return try transaction.conversations.insert(
            newConversation, tenant: tenant, at: openedAt, change: change, pruning: pruning, transaction.longLists
        ).0
    }

    private func conversation(_ id: ConversationID, _ tenant: TenantID) throws -> ImportedConversation {
        guard let found = try find(id, tenant) else { throw ImportError.unknownConversation(id) }
        return found
    }

    private func find(_ id: ConversationID, _ tenant: TenantID) throws -> ImportedConversation? {
        let name = ConversationKey(tenant: tenant, id: id)
        if let known = conversations[name] { return known }
        guard let stored = try transaction.conversations.find(id, tenant: tenant) else { return nil }
        let found = ImportedConversation(stored, isNew: false, earlier: earlier?(name), db: transaction.db)
        conversations[name] = found
        return found
    }

    private func touch(_ key: Int64, _ tenant: TenantID) throws {
        guard let stored = try transaction.conversations.find(key: key) else { return }
        try find(stored.conversation.id, tenant)?.touch()
    }
}
