import Messaging
import StoreWork

/// One step of a removal, as the writer takes it.
enum RemovalStep: Sendable {
    /// Empties the messages of a user in these conversations, and forgets the user where they have neither name nor company.
    case messages(of: UserID, in: ArraySlice<Int64>, from: RemovalPosition)
    /// Empties one message.
    case message(MessageID)
    /// Removes the messages of these conversations that were sent before a moment. Those that stand behind newer ones lose their content,
    /// where `emptiesOthers` says so.
    case old(before: Timestamp, in: ArraySlice<Int64>, emptiesOthers: Bool, from: RemovalPosition)
}

/// What a step of a removal did.
struct RemovedStep: Sendable {
    /// How many messages are gone.
    let removed: Int
    /// How many messages lost their content; nil where the message that was meant does not exist.
    let emptied: Int?
    /// Where the next step begins.
    let position: RemovalPosition
    /// How long it took without the wait for the lock.
    let time: Duration
}

extension WriteCalls {
    /// The most conversations in one call: each takes one of the change numbers of a transaction.
    private static let mostConversations = 1000

    /// A step of a removal: what it did, and the conversations that it changed.
    struct Removed {
        let step: RemovedStep
        let conversations: [Conversation]
    }

    /// Takes a step of a removal.
    func remove(_ step: RemovalStep, _ tenant: TenantID, messages: Int) throws(PostgresError) -> Removed {
        let payload = PostgresValue.bytes(FeedPayload([.removed(tenant)]).bytes)
        let limit = PostgresValue.int4(Int32(messages))
        switch step {
        case .messages(let user, let keys, let position):
            return try remove(
                "postbox.erase($1, $2, $3, $4, $5, $6, $7, $8)",
                [
                    .text(tenant.text), .text(user.text), Self.next(of: keys, position, messages), .int8(position.n),
                    limit, payload,
                ], from: position)
        case .message(let message):
            return try remove(
                "postbox.erase_message($1, $2, $3, $4, $5, $6)",
                [.text(tenant.text), .text(message.conversation.text), .int8(message.n), payload],
                from: RemovalPosition())
        case .old(let moment, let keys, let emptiesOthers, let position):
            return try remove(
                "postbox.prune($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                [
                    .text(tenant.text), Self.next(of: keys, position, messages), .int8(position.n),
                    .bool(position.isBehind), .int8(moment.milliseconds), .bool(emptiesOthers), limit, payload,
                ], from: position)
        }
    }

    /// The keys that one step may come to: each conversation counts as a message at least.
    private static func next(
        of keys: ArraySlice<Int64>, _ position: RemovalPosition, _ messages: Int
    ) -> PostgresValue {
        .int8Array(keys.dropFirst(position.place).prefix(min(messages, mostConversations)).map { $0 })
    }

    private func remove(
        _ call: String, _ values: [PostgresValue], from start: RemovalPosition
    ) throws(PostgresError) -> Removed {
        let rows = try commit(
            """
            s.removed, s.emptied, s.place, s.n, s.is_behind, s.micros, s.base,
            s.key, s.id, s.last_n, s.pruned_up_to, s.change, s.members, s.marks, s.revision
            """, "\(call) s", values, positionColumn: 6)
        let position = RemovalPosition(
            place: start.place + Int(try rows.requiredInt4(0, 2)), n: try rows.requiredInt8(0, 3),
            isBehind: try rows.requiredBool(0, 4))
        let step = RemovedStep(
            removed: Int(try rows.requiredInt8(0, 0)), emptied: try rows.int8(0, 1).map(Int.init), position: position,
            time: .microseconds(try rows.requiredInt8(0, 5)))
        var conversations: [Conversation] = []
        for row in 0..<rows.count where try rows.int8(row, 7) != nil {
            conversations.append(try ConversationRows(rows: rows, first: 7).conversation(row))
        }
        return Removed(step: step, conversations: conversations)
    }
}
