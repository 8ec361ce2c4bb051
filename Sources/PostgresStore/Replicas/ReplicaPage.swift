import Messaging

/// An older page that a read replica is asked for, and what the conversation must be like there.
///
/// Messages never change but for what removes them or their contents, and each removal shows in the conversation: what loses its content
/// counts the revision, and what is pruned moves `prunedUpTo`. So a replica where both are as in memory has each message of the page as
/// the primary has it, or lacks it. Participants, whom memory knows, never change.
struct ReplicaPage: Sendable {
    let tenant: TenantID
    let conversation: Conversation
    let numbers: ClosedRange<Int64>
    let bounds: PageBounds

    /// Reads the page, in one snapshot of the replica.
    ///
    /// - Parameters:
    ///   - history: what is served: the replica must have replayed what the primary wrote into the store at the beginning of this timeline.
    ///   - limit: the longest wait.
    /// - Throws: ``ReplicaFailure``.
    func read(
        from connection: PostgresConnection, in history: History, within limit: Duration
    ) throws(ReplicaFailure) -> PackedMessages {
        do {
            let rows = try connection.runOften(
                ReplicaQuery.page,
                [
                    .text(tenant.text), .int8(conversation.key), .text(conversation.id.text),
                    .int8(numbers.lowerBound), .int8(numbers.upperBound), .int8(Int64(bounds.countToRead)),
                    .int8(Int64(bounds.bytes)),
                ], within: limit)
            return try messages(in: rows, history)
        } catch let failure as ReplicaFailure {
            throw failure
        } catch let error as PostgresError {
            throw ReplicaFailure(error)
        } catch {
            throw ReplicaFailure(.refused, String(describing: error))
        }
    }

    private func messages(in rows: PostgresRows, _ history: History) throws -> PackedMessages {
        guard rows.count > 0, try rows.requiredBool(0, 0) else {
            throw ReplicaFailure(.otherDatabase, "the server is no standby of the database")
        }
        guard try rows.requiredText(0, 1) == history.epoch.text, try rows.requiredInt4(0, 2) == history.timeline else {
            throw ReplicaFailure(.otherDatabase, "the standby is of another epoch or timeline, as after a failover")
        }
        guard try rows.int8(0, 3) == conversation.revision, try rows.int8(0, 4) == conversation.prunedUpTo else {
            throw ReplicaFailure(.behind, "the standby has another state of a conversation")
        }
        var messages = PackedMessages(expecting: rows.count)
        // Without a message there is one row, for what comes before it.
        if try rows.int8(0, 5) != nil {
            for row in 0..<rows.count { try messages.append(rows, row, from: 5) }
        }
        guard isWhole(messages) else { throw ReplicaFailure(.behind, "the standby lacks messages") }
        return messages
    }

    /// Whether no message is missing: numbers have no gaps, so a page goes from the last one back to the first, or until it is full.
    func isWhole(_ messages: PackedMessages) -> Bool {
        guard let last = messages.lastNumber, last == numbers.upperBound else { return false }
        let first = messages.number(at: messages.startIndex)
        guard last - first == Int64(messages.count - 1) else { return false }
        return first == numbers.lowerBound || bounds.areExceeded(by: messages.count, messages.contentSize)
    }
}
