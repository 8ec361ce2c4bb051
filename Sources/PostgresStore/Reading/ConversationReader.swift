import Messaging

/// Reads single conversations and their messages.
struct ConversationReader {
    let connection: PostgresConnection

    /// How long one read may take.
    static let limit = PostgresConnection.readLimit

    /// Returns a conversation that the caller takes part in; nil where there is none with this name.
    func conversation(_ reference: ConversationReference, of caller: Caller) throws(PostgresError) -> Conversation? {
        let (tenant, me) = (caller.tenant.text, caller.user)
        let rows: PostgresRows
        switch reference {
        case .id(let id):
            rows = try connection.runOften(
                ConversationQuery.own, [.text(tenant), .text(id.text), .text(me.text)], within: Self.limit)
        case .direct(let other):
            let (low, high) = me < other ? (me, other) : (other, me)
            rows = try connection.runOften(
                ConversationQuery.direct, [.text(tenant), .text(low.text), .text(high.text)], within: Self.limit)
        }
        return rows.count == 0 ? nil : try ConversationRows(rows: rows).conversation(0)
    }

    /// The messages in these slices, each once, ordered by number, as many as the bounds need; nil where messages were removed since the
    /// conversation was in this state.
    func messages(
        of conversation: Conversation, in tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds
    ) throws(PostgresError) -> PackedMessages? {
        if slices.count == 1 { return try messages(of: conversation, in: tenant, slices[0], bounds) }
        // Each slice that is cut exceeds the bounds by itself, so its missing messages would come after the cut of the answer.
        var all: [Message] = []
        for slice in slices {
            guard let found = try messages(of: conversation, in: tenant, slice, bounds) else { return nil }
            all += found
        }
        var size = 0
        let sorted = all.sorted { $0.n < $1.n }
        let isEnough = sorted.indices.first { place in
            size += sorted[place].content.utf8.count
            return bounds.areExceeded(by: place + 1, size)
        }
        return PackedMessages(sorted.prefix((isEnough ?? sorted.count - 1) + 1))
    }

    private func messages(
        of conversation: Conversation, in tenant: TenantID, _ slice: MessageSlice, _ bounds: PageBounds
    ) throws(PostgresError) -> PackedMessages? {
        let values: [PostgresValue] = [
            .text(tenant.text), .int8(conversation.key), .int8(conversation.revision), .int8(conversation.prunedUpTo),
            .int8(slice.numbers.lowerBound), .int8(slice.numbers.upperBound), .int8(Int64(bounds.countToRead)),
            .int8(Int64(bounds.bytes)),
        ]
        let rows: PostgresRows
        switch slice.authorship {
        case .anybody:
            let query = bounds.kept == .newest ? MessageQuery.newest : MessageQuery.oldest
            rows = try connection.runOften(query, values, within: Self.limit)
        case .only(let user):
            rows = try connection.runOften(MessageQuery.ofSender, values + [.text(user.text)], within: Self.limit)
        case .except(let user):
            rows = try connection.runOften(MessageQuery.ofOthers, values + [.text(user.text)], within: Self.limit)
        }
        guard rows.count > 0 else { return nil }
        guard try rows.int8(0, 0) != nil else { return PackedMessages([]) }
        var messages = PackedMessages(expecting: rows.count)
        for row in 0..<rows.count { try messages.append(rows, row, from: 0) }
        return messages
    }
}

extension PackedMessages {
    /// Appends the message in this row, whose columns begin at `first`.
    mutating func append(_ rows: PostgresRows, _ row: Int, from first: Int) throws(PostgresError) {
        // The pointers are good as long as the rows.
        let rows = rows
        append(
            PackedMessage(
                n: try rows.requiredInt8(row, first),
                sentAt: Timestamp(milliseconds: try rows.requiredInt8(row, first + 3)),
                sender: try rows.requiredBytes(row, first + 1), content: try rows.requiredBytes(row, first + 2),
                clientMessageID: try rows.bytes(row, first + 4)))
    }
}
