import GRDB
import Messaging
import StoreWork

/// Runs steps of a removal, each in one transaction of a writer. A database that is served and one that is not differ only in that.
protocol StepwiseRemover: Sendable {
    /// The most messages that a step looks at.
    var messagesAtOnce: Int { get }

    /// Reads without keeping writes waiting.
    func look<Answer>(_ body: (Database) throws -> Answer) throws -> Answer

    /// Runs a step in a transaction; returns once it is on disk.
    ///
    /// - Returns: the answer, and how long other writes had to wait for it.
    func step<Answer: Sendable>(
        _ command: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) throws -> (answer: Answer, held: Duration)
}

extension StepwiseRemover {
    /// Erases the name and company of a user, and the content of the messages they wrote; blocks.
    ///
    /// - Parameter afterStep: called after each transaction.
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    public func erase(
        _ user: UserID, tenant: TenantID, afterStep: (RemovalProgress) throws -> Void
    ) throws -> Int? {
        let (isNamed, keys) = try look { db in
            (
                try StoredPeople(db: db).isKnown(user, tenant: tenant),
                try StoredConversations(db: db).keys(of: user, tenant: tenant)
            )
        }
        guard isNamed || !keys.isEmpty else { return nil }
        if isNamed {
            try eraseName(of: user, tenant: tenant) { try afterStep(RemovalProgress(messages: 0, held: $0)) }
        }
        var messages = 0
        try visit(keys) { transaction, position, limit in
            try transaction.eraseMessages(of: user, in: keys, from: &position, limit: limit)
        } afterStep: { erased, held in
            messages += erased
            try afterStep(RemovalProgress(messages: messages, held: held))
        }
        return messages
    }

    /// Takes steps until the position is behind the last of the conversations.
    ///
    /// - Parameters:
    ///   - step: looks at no more than so many messages from the position on, and moves it.
    ///   - afterStep: called with what a step returned, and how long other writes had to wait for it.
    private func visit<Answer: Sendable>(
        _ keys: [Int64],
        step command: @escaping @Sendable (WriteTransaction, inout RemovalPosition, _ limit: Int) throws -> Answer,
        afterStep: (Answer, Duration) throws -> Void
    ) throws {
        var position = RemovalPosition()
        var size = StepSize(most: messagesAtOnce, longest: StoreBounds.longestStep)
        while position.place < keys.count {
            let (start, limit) = (position, size.messages)
            let ((answer, end), held) = try step { transaction in
                var position = start
                return (try command(transaction, &position, limit), position)
            }
            position = end
            size.took(held)
            try afterStep(answer, held)
        }
    }

    /// Each of the user's conversations changes, as with any other name; no former name is left then.
    private func eraseName(of user: UserID, tenant: TenantID, afterStep: (Duration) throws -> Void) throws {
        var progress = RenameProgress.unfinished(number: nil)
        while case .unfinished(let number) = progress {
            let held: Duration
            (progress, held) = try step { transaction in
                try transaction.setPerson(Person(id: user, name: "", company: ""), tenant: tenant, number: number)
            }
            try afterStep(held)
        }
        _ = try step { try StoredPeople(db: $0.db).removeNameless(user, tenant: tenant) }
    }

    /// Erases the content of one message, which stays with its number, time and key; blocks.
    ///
    /// - Returns: whether it had content; nil where there is no such message.
    public func erase(_ message: MessageID, tenant: TenantID) throws -> Bool? {
        try step { try $0.erase(message, tenant: tenant) }.answer
    }

    /// Removes the messages that were sent before a moment; blocks.
    ///
    /// - Parameter afterStep: called after each transaction.
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist, and nothing was removed then; the
    ///   store's own errors.
    public func prune(
        _ scope: PruneScope, before moment: Timestamp, afterStep: (RemovalProgress) throws -> Void
    ) throws -> PruneSummary {
        let keys = try look { try StoredConversations(db: $0).keys(of: scope) }
        var summary = PruneSummary()
        try visit(keys) { transaction, position, limit in
            try transaction.prune(keys, before: moment, emptiesOthers: true, from: &position, limit: limit)
        } afterStep: { pruned, held in
            summary += pruned
            try afterStep(RemovalProgress(messages: summary.removed + summary.emptied, held: held))
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
