import Messaging

extension WriteBatch {
    /// Writes all messages and read markers in one call, and records what was committed.
    ///
    /// - Returns: answers the callers, once the observer has been told.
    func write() throws -> [@Sendable () -> Void] {
        guard !sends.isEmpty || !reads.isEmpty else { return [] }
        let result = try calls.write(sends, reads, payload) { states[$0]?.key ?? state($0)?.key ?? 0 }
        var answers: [@Sendable () -> Void] = []
        answers.reserveCapacity(sends.count + reads.count)
        let current = try conversations(ofReplaysIn: result)
        for (index, send) in sends.enumerated() { answers.append(try stored(send, index, result, current)) }
        var moved: [ConversationKey: Moved] = [:]
        for (index, read) in reads.enumerated() { answers.append(try marked(read, index, result, &moved)) }
        for (name, markers) in moved.sorted(by: { $0.value.change < $1.value.change }) {
            try record(markers, in: name)
        }
        return answers
    }

    /// The conversations of messages that an earlier try had stored, as they are now: who has read those meanwhile, a node that is not alone
    /// may not know. One statement for all of them, for after a failure every sender tries again.
    private func conversations(ofReplaysIn result: WriteCalls.Written) throws -> [Lookup: Conversation] {
        guard !isAlone else { return [:] }
        let replayed = Set(sends.indices.filter { result.states[$0] == .same }.map { lookup(sends[$0]) })
        return replayed.isEmpty ? [:] : try calls.load(Array(replayed))
    }

    private func lookup(_ send: PendingSend) -> Lookup { .id(send.conversation, send.draft.caller.user) }

    /// Records a message that was stored, or found from an earlier try; returns how its sender is answered.
    private func stored(
        _ send: PendingSend, _ index: Int, _ result: WriteCalls.Written, _ current: [Lookup: Conversation]
    ) throws -> @Sendable () -> Void {
        let reply = send.reply
        guard var conversation = state(send.conversation) else { throw lost(send.conversation) }
        let (n, isReplay) = (result.numbers[index], result.states[index] == .same)
        if result.states[index] == .conflict { return { reply.refuse(.idempotencyConflict) } }
        let message = Message(
            n: n, sender: send.draft.caller.user, content: send.draft.content.text,
            sentAt: Timestamp(milliseconds: result.sentAts[index]), clientMessageID: send.draft.clientMessageID)
        if !isReplay {
            if n != conversation.lastN + 1 { isCacheStale = true }
            conversation.lastN = n
            conversation.change = result.base + Int64(index) + 1
            states[send.conversation] = conversation
            let change = conversation.change
            commits.append(
                Commit(
                    tenant: send.conversation.tenant, conversation: conversation,
                    listChanges: conversation.participants.map { .init(user: $0.user, change: change) },
                    message: message))
        } else {
            if n > conversation.lastN { isCacheStale = true }
            conversation = current[lookup(send)] ?? conversation
        }
        let found = conversation
        let sent = SentMessage(
            conversation: found, message: message, replayed: isReplay, opened: send.opened && !isReplay)
        return { reply.succeed(sent) }
    }

    /// What the other nodes are told. While there are none, contents are left out: a node that joins meanwhile has nothing in memory that
    /// they would be added to.
    private var payload: FeedPayload {
        var names: [ConversationKey: FeedConversation] = [:]
        func conversation(_ name: ConversationKey) -> FeedConversation {
            if let known = names[name] { return known }
            let found = state(name)
            let users = found.flatMap { found in
                found.participants.count <= FeedPayload.mostParticipants ? found.participants.map(\.user) : nil
            }
            let named = FeedConversation(tenant: name.tenant, key: found?.key ?? 0, id: name.id, participants: users)
            names[name] = named
            return named
        }
        var changes: [FeedChange] = []
        changes.reserveCapacity(sends.count + reads.count)
        for send in sends {
            let message = FeedMessage(
                sender: send.draft.caller.user, sentAt: send.draft.sentAt, clientMessageID: send.draft.clientMessageID,
                content: isAlone ? nil : send.draft.content.text)
            changes.append(.message(conversation(send.conversation), message))
        }
        for read in reads { changes.append(.mark(conversation(read.conversation), reader: read.caller.user)) }
        return FeedPayload(changes)
    }

    /// The read markers of one conversation that moved in this batch.
    private struct Moved {
        var marks: [UserID: Int64] = [:]
        /// The change number that all of them take.
        var change: Int64 = 0
    }

    private func marked(
        _ read: PendingRead, _ index: Int, _ result: WriteCalls.Written, _ moved: inout [ConversationKey: Moved]
    ) throws -> @Sendable () -> Void {
        guard let conversation = state(read.conversation),
            let place = conversation.participants.place(of: read.caller.user)
        else { throw lost(read.conversation) }
        let mark = result.marks[index]
        if mark > conversation.participants[place].readUpTo {
            var known = moved[read.conversation] ?? Moved()
            known.marks[read.caller.user] = max(known.marks[read.caller.user] ?? 0, mark)
            known.change = result.base + Int64(sends.count) + Int64(index) + 1
            moved[read.conversation] = known
        }
        let (reply, outcome) = (read.reply, ReadOutcome(readUpTo: mark, unread: result.unread[index]))
        return { reply.succeed(outcome) }
    }

    /// Records moved markers: a change for the readers, and for every participant for whom the lowest marker of the others has moved.
    private func record(_ moved: Moved, in name: ConversationKey) throws {
        guard var conversation = state(name) else { throw lost(name) }
        let before = conversation.participants
        for (user, mark) in moved.marks {
            guard let place = before.place(of: user) else { throw lost(name) }
            conversation.participants[place].readUpTo = mark
        }
        let (old, new) = (LowestReadMarks(before), LowestReadMarks(conversation.participants))
        let affected = before.indices.filter { index in
            moved.marks[before[index].user] != nil || old.least(without: index) != new.least(without: index)
        }
        states[name] = conversation
        commits.append(
            Commit(
                tenant: name.tenant, conversation: conversation,
                listChanges: affected.map { .init(user: before[$0].user, change: moved.change) }))
    }

    private func lost(_ name: ConversationKey) -> PostgresError {
        .malformed("the conversation \(name.id) of a write is not known")
    }
}
