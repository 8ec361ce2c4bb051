import GRDB
import Messaging

/// Runs steps of a removal, each in one transaction of a writer. A database that is served and one that is not differ only in that.
protocol StepwiseRemover: Sendable {
    /// Runs a step in a transaction; returns once it is on disk.
    func step<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws -> Answer
}

extension StepwiseRemover {
    /// Erases the name and company of a user, and the content of the messages they wrote; blocks.
    ///
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    public func erase(_ user: UserID, tenant: TenantID) throws -> Int? {
        let (isNamed, keys) = try step { transaction in
            (
                try StoredPeople(db: transaction.db).isKnown(user, tenant: tenant),
                try transaction.conversations.keys(of: user, tenant: tenant)
            )
        }
        guard isNamed || !keys.isEmpty else { return nil }
        if isNamed { try eraseName(of: user, tenant: tenant) }
        var (position, messages) = (RemovalPosition(), 0)
        while position.place < keys.count {
            let start = position
            let (erased, end) = try step { transaction in
                var position = start
                let erased = try transaction.eraseMessages(of: user, in: keys, from: &position)
                return (erased, position)
            }
            (messages, position) = (messages + erased, end)
        }
        return messages
    }

    /// Each of the user's conversations changes, as with any other name; no former name is left then.
    private func eraseName(of user: UserID, tenant: TenantID) throws {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            progress = try step { transaction in
                try transaction.setPerson(Person(id: user, name: "", company: ""), tenant: tenant, number: number)
            }
        }
        try step { try StoredPeople(db: $0.db).removeNameless(user, tenant: tenant) }
    }

    /// Erases the content of one message, which stays with its number, time and key; blocks.
    ///
    /// - Returns: whether it had content; nil where there is no such message.
    public func erase(_ message: MessageID, tenant: TenantID) throws -> Bool? {
        try step { try $0.erase(message, tenant: tenant) }
    }

    /// Removes the messages that were sent before a moment; blocks.
    ///
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist, and nothing was removed then; the
    ///   store's own errors.
    public func prune(_ scope: PruneScope, before moment: Timestamp) throws -> PruneSummary {
        let keys = try step { try $0.conversations.keys(of: scope) }
        return try prune(keys, before: moment, emptiesOthers: true)
    }

    /// Removes the messages of these conversations that were sent before a moment; blocks.
    func prune(_ keys: [Int64], before moment: Timestamp, emptiesOthers: Bool) throws -> PruneSummary {
        var (position, summary) = (RemovalPosition(), PruneSummary())
        while position.place < keys.count {
            let start = position
            let (pruned, end) = try step { transaction in
                var position = start
                let pruned = try transaction.prune(
                    keys, before: moment, emptiesOthers: emptiesOthers, from: &position)
                return (pruned, position)
            }
            summary += pruned
            position = end
        }
        return summary
    }
}

extension StoredConversations {
    /// The keys of the conversations to prune, in order.
    ///
    /// - Throws: ``MessagingError/conversationNotFound``.
    func keys(of scope: PruneScope) throws -> [Int64] {
        switch scope {
        case .everything:
            try Int64.fetchAll(db, sql: "SELECT key FROM conversations ORDER BY key")
        case .tenant(let tenant):
            try Int64.fetchAll(
                db, sql: "SELECT key FROM conversations WHERE tenant_id = ? ORDER BY key", arguments: [tenant.text])
        case .conversations(let ids, let tenant):
            try ids.map { id in
                guard let found = try find(id, tenant: tenant) else { throw MessagingError.conversationNotFound }
                return found.key
            }
        }
    }

    /// The tenant of a conversation that exists.
    func tenant(of key: Int64) throws -> TenantID {
        let statement = try db.cachedStatement(sql: "SELECT tenant_id FROM conversations WHERE key = ?")
        return TenantID(trusted: try String.fetchOne(statement, arguments: [key]) ?? "")
    }
}
