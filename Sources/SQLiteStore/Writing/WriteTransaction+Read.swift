import Messaging

extension WriteTransaction {
    /// Moves a read marker forward; where it is there already, nothing is written and no change is announced.
    func markRead(_ id: ConversationID, upTo: Int64?, by caller: Caller) throws -> ReadOutcome {
        guard var known = try find(.id(id), of: caller),
            let reader = known.conversation.participants.place(of: caller.user)
        else { throw MessagingError.conversationNotFound }
        var conversation = known.conversation
        let target = upTo ?? conversation.lastN
        guard (0...conversation.lastN).contains(target) else { throw MessagingError.invalidReadPosition }

        let before = conversation.participants
        if target > before[reader].readUpTo {
            conversation.participants[reader].readUpTo = target
            let affected = LowestReadMarks.usersAffected(
                byReader: reader, before: before, after: conversation.participants)
            let change = nextChange()
            try participants.setReadUpTo(target, of: caller.user, in: conversation.key, change: change)
            if before.count > ConversationSummary.mostPeople {
                try conversations.updateLowestReadMarks(in: conversation.key)
            }
            for user in affected where user != caller.user {
                try participants.setChange(change, of: user, in: conversation.key)
            }
            record(conversation, tenant: caller.tenant, change: change, seenBy: affected)
            known.conversation = conversation
        }
        let marker = conversation.participants[reader].readUpTo
        let unread = UnreadMessages(
            by: caller.user, after: marker, latest: conversation.lastN, prunedUpTo: conversation.prunedUpTo)
        let count = try messages(in: conversation).count(of: unread)
        remember(known, tenant: caller.tenant)
        return ReadOutcome(readUpTo: marker, unread: count)
    }
}
