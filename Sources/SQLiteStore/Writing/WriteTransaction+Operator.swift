import Messaging

extension WriteTransaction {
    /// Opens a conversation, or finds the one that is meant.
    func open(_ opening: NewConversation, tenant: TenantID, at moment: Timestamp) throws -> ConversationID {
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
        let conversation = try insert(opening, tenant: tenant, at: moment, change: change).conversation
        record(conversation, tenant: tenant, change: change, seenBy: opening.participants)
        return conversation.id
    }
}
