import Messaging
import StoreWork

extension PostgresStore: DataRemover {
    /// Erases the name and company of a user, and the content of the messages they wrote; blocks.
    ///
    /// - Parameter afterStep: called after each transaction that removes messages.
    /// - Returns: how many messages lost their content; nil where no user of that id is known.
    /// - Throws: ``MessagingError/overloaded``, ``MessagingError/storeUnavailable(_:)``, or what `afterStep` throws.
    public func erase(
        _ user: UserID, tenant: TenantID, afterStep: (RemovalProgress) throws -> Void
    ) throws -> Int? {
        let (isNamed, keys) = try operating { connection in
            let rows = try connection.run(
                RemovalQuery.ofUser, [.text(tenant.text), .text(user.text)], within: PostgresConnection.readLimit)
            return (try rows.requiredBool(0, 0), try rows.int8Array(0, 1))
        }
        guard isNamed || !keys.isEmpty else { return nil }
        // Each of their conversations changes, as with any other name; no former name is left then.
        if isNamed { try setPerson(Person(id: user, name: "", company: ""), tenant: tenant) }
        var (position, messages) = (RemovalPosition(), 0)
        repeat {
            let step = try remove(.messages(of: user, in: keys[...], from: position), tenant)
            position = step.position
            messages += step.emptied ?? 0
            try afterStep(RemovalProgress(messages: messages, held: step.time))
        } while position.place < keys.count
        return messages
    }

    /// Erases the content of one message, which stays with its number, time and key; blocks.
    ///
    /// - Returns: whether it had content; nil where there is no such message.
    /// - Throws: ``MessagingError/overloaded`` or ``MessagingError/storeUnavailable(_:)``.
    public func erase(_ message: MessageID, tenant: TenantID) throws -> Bool? {
        try remove(.message(message), tenant).emptied.map { $0 > 0 }
    }

    /// Removes the messages that were sent before a moment; blocks.
    ///
    /// - Parameter afterStep: called after each transaction.
    /// - Throws: ``MessagingError/conversationNotFound`` where one of those named does not exist, and nothing was removed then;
    ///   ``MessagingError/overloaded``, ``MessagingError/storeUnavailable(_:)``, or what `afterStep` throws.
    public func prune(
        _ scope: PruneScope, before moment: Timestamp, afterStep: (RemovalProgress) throws -> Void
    ) throws -> PruneSummary {
        var summary = PruneSummary()
        for (tenant, keys) in try operating({ try Self.conversations(to: scope, before: moment, $0) }) {
            var position = RemovalPosition()
            while position.place < keys.count {
                let step = try remove(
                    .old(before: moment, in: keys[...], emptiesOthers: true, from: position), tenant)
                position = step.position
                summary.removed += step.removed
                summary.emptied += step.emptied ?? 0
                try afterStep(RemovalProgress(messages: summary.removed + summary.emptied, held: step.time))
            }
        }
        return summary
    }

    /// Takes a step between other writes; those that wait for the writer go before the next step.
    func remove(_ step: RemovalStep, _ tenant: TenantID) throws(MessagingError) -> RemovedStep {
        let messages = removalSize.withLock { $0.messages }
        let removed: RemovedStep = try writer.performBlocking { .remove(step, tenant, messages: messages, $0) }
        removalSize.withLock { $0.took(removed.time) }
        return removed
    }

    /// The conversations to prune, by tenant.
    private static func conversations(
        to scope: PruneScope, before moment: Timestamp, _ connection: PostgresConnection
    ) throws -> [(tenant: TenantID, keys: [Int64])] {
        var tenant: TenantID?
        switch scope {
        case .everything: break
        case .tenant(let named): tenant = named
        case .conversations(let ids, let named):
            let keys = try ids.map { id in
                let rows = try connection.run(
                    RemovalQuery.key, [.text(named.text), .text(id.text)], within: PostgresConnection.readLimit)
                guard rows.count == 1 else { throw MessagingError.conversationNotFound }
                return try rows.requiredInt8(0, 0)
            }
            return [(named, keys)]
        }
        let rows = try connection.run(
            RemovalQuery.withOld, [.text(tenant?.text), .int8(moment.milliseconds)], within: nil)
        return try (0..<rows.count).map {
            (TenantID(trusted: try rows.requiredText($0, 0)), try rows.int8Array($0, 1))
        }
    }

    /// Does something on a connection of its own, which no request waits for.
    func operating<Answer>(_ body: (PostgresConnection) throws -> Answer) throws -> Answer {
        do {
            return try body(PostgresConnection(address, role: .maintenance))
        } catch let error as PostgresError {
            throw MessagingError.storeUnavailable(error.description)
        }
    }
}
