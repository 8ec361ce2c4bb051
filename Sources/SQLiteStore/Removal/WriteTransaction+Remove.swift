import Messaging
import StoreWork

extension WriteTransaction {
    /// Erases the content of a user's messages in these conversations, one step of it.
    ///
    /// - Parameters:
    ///   - position: where the last step ended; it moves to where this one ends, behind the last key where all is done.
    ///   - limit: the most messages to look at, about.
    /// - Returns: how many messages lost their content.
    func eraseMessages(
        of user: UserID, in keys: [Int64], from position: inout RemovalPosition, limit: Int
    ) throws -> Int {
        var (left, erased) = (limit, 0)
        while left > 0, position.place < keys.count {
            let removal = StoredRemoval(db: db, key: keys[position.place])
            let reach = try removal.empty(from: user, after: position.n, limit: left)
            if reach.count > 0 { left -= try noteErasure(in: removal.key) }
            erased += reach.count
            left -= reach.seen + 1
            position.n = reach.last
            if !reach.isCut { position.finishConversation() }
        }
        return erased
    }

    /// Erases the content of one message; nil where there is no such message.
    func erase(_ message: MessageID, tenant: TenantID) throws -> Bool? {
        guard let found = try conversations.find(message.conversation, tenant: tenant),
            message.n > found.prunedUpTo, message.n <= found.lastN
        else { return nil }
        let hadContent = try StoredRemoval(db: db, key: found.key).empty(message.n)
        if hadContent { _ = try noteErasure(in: found.key) }
        return hadContent
    }

    /// Removes messages that were sent before a moment from these conversations, one step of it.
    ///
    /// - Parameters:
    ///   - position: where the last step ended; it moves to where this one ends, behind the last key where all is done.
    ///   - emptiesOthers: whether old messages that stand behind newer ones lose their content. To find them, all messages are looked at.
    ///   - limit: the most messages to look at, about.
    func prune(
        _ keys: [Int64], before moment: Timestamp, emptiesOthers: Bool, from position: inout RemovalPosition,
        limit: Int
    ) throws -> PruneSummary {
        var (left, summary) = (limit, PruneSummary())
        while left > 0, position.place < keys.count {
            guard let known = try conversations.find(key: keys[position.place]) else {
                position.finishConversation()
                continue
            }
            if position.isBehind {
                left -= try emptyOthers(in: known, before: moment, limit: left, &position, &summary)
            } else {
                left -= try removeFirst(of: known, before: moment, limit: left, &position, &summary)
                if position.isBehind, !emptiesOthers { position.finishConversation() }
            }
        }
        return summary
    }

    /// Removes the first messages of a conversation; returns the cost of it in messages.
    private func removeFirst(
        of known: CachedConversation, before moment: Timestamp, limit: Int, _ position: inout RemovalPosition,
        _ summary: inout PruneSummary
    ) throws -> Int {
        var known = known
        let removal = StoredRemoval(db: db, key: known.conversation.key)
        let reach = try removal.remove(before: moment, after: known.conversation.prunedUpTo, limit: limit)
        if !reach.isCut { (position.isBehind, position.n) = (true, reach.last) }
        guard reach.count > 0 else { return 1 }
        try removal.keep(moment, isAfterOthers: true)
        summary.removed += reach.count
        known.conversation.prunedUpTo = reach.last
        for place in known.conversation.participants.indices
        where known.conversation.participants[place].readUpTo < reach.last {
            known.conversation.participants[place].readUpTo = reach.last
        }
        try noteRemoval(in: known)
        return reach.count + known.conversation.participants.count
    }

    /// Empties old messages of a conversation behind newer ones; returns the cost of it in messages.
    private func emptyOthers(
        in known: CachedConversation, before moment: Timestamp, limit: Int, _ position: inout RemovalPosition,
        _ summary: inout PruneSummary
    ) throws -> Int {
        let removal = StoredRemoval(db: db, key: known.conversation.key)
        let reach = try removal.empty(
            before: moment, after: position.n, through: known.conversation.lastN, limit: limit)
        var cost = Int(reach.last - position.n) + 1
        position.n = reach.last
        if !reach.isCut { position.finishConversation() }
        guard reach.count > 0 else { return cost }
        summary.emptied += reach.count
        try removal.keep(moment, isAfterOthers: false)
        cost += try noteErasure(in: removal.key)
        return cost
    }

    /// Counts an erasure in a conversation, so that its cursors expire, and records the change; returns how many participants see it.
    private func noteErasure(in key: Int64) throws -> Int {
        try StoredRemoval(db: db, key: key).countRevision()
        guard let known = try conversations.find(key: key) else { return 0 }
        try noteRemoval(in: known)
        return known.conversation.participants.count
    }

    /// Records that something was removed from a conversation, as a change that every participant sees in their list.
    private func noteRemoval(in known: CachedConversation) throws {
        var known = known
        let tenant = try conversations.tenant(of: known.conversation.key)
        known.conversation.change = nextChange()
        try conversations.update(
            known.conversation.key, change: known.conversation.change, activityCopies: known.activityCopies)
        record(
            known.conversation, tenant: tenant, change: known.conversation.change,
            seenBy: known.conversation.participants.map(\.user), isRemoval: true)
        remember(known, tenant: tenant)
    }
}
