import Messaging

extension WriteTransaction {
    /// Opens a conversation, or finds the one that is meant.
    func open(_ opening: Opening, tenant: TenantID, at moment: Timestamp) throws -> ConversationID {
        if opening.isDirect, let known = try conversations.findDirect(opening.participants, tenant: tenant) {
            return known.id
        }
        if let known = try conversations.find(opening.id, tenant: tenant) {
            guard known.participants.map(\.user) == opening.participants else {
                throw MessagingError.invalidMessage("A conversation \(opening.id) exists, with other participants.")
            }
            return known.id
        }
        let change = nextChange()
        let conversation = try conversations.insert(opening, tenant: tenant, at: moment, change: change)
        record(conversation, tenant: tenant, change: change, seenBy: opening.participants)
        return conversation.id
    }

    /// Stores what is known of a user; each of their conversations changes where that is news.
    func setPerson(_ person: Person, tenant: TenantID) throws {
        guard try StoredPeople(db: db).set(person, tenant: tenant) else { return }
        for key in try conversations.keys(of: person.id, tenant: tenant) {
            guard let conversation = try conversations.find(key: key) else { continue }
            let change = nextChange()
            try conversations.update(key, change: change)
            record(conversation, tenant: tenant, change: change, seenBy: conversation.participants.map(\.user))
        }
    }
}
