import Messaging

/// `GET /api/messages/conversations/{id}/messages`
struct ListMessages {
    let context: Context

    static let defaultLimit = 100

    /// Answers where nothing has to be read from the store: nothing changed for this client, or what did is in memory.
    ///
    /// A conversation that is not the caller's takes the same way as one that does not exist.
    func answerFromMemory(_ reference: ConversationReference, _ call: Call) throws -> Response? {
        guard let conversation = context.index.conversation(reference, of: call.caller),
            let view = try unlessAhead({ try view(of: conversation, reference, call) })
        else { return nil }
        guard view.tag.isKnown(to: call.request) else {
            return messagesInMemory(view, call).map { answer(view, upToOneMore: $0, call) }
        }
        guard view.certainlyFits else { return nil }
        let response = pollAnswer(view, lastReturned: nil, complete: true).notModified(call, context.settings)
        context.idlePolls.keep(response, view.tag, to: call) {
            context.index.validity(of: view.conversation.id, seenBy: call.caller, at: view.now)
        }
        return response
    }

    /// Answers from the store.
    func answer(_ reference: ConversationReference, _ call: Call) async throws -> Response {
        let view = try await view(reference, call)
        return answer(view, upToOneMore: try await messages(view, call), call)
    }

    /// One message more than asked for tells whether there is more.
    private func messagesInMemory(_ view: MessagesView, _ call: Call) -> PackedMessages? {
        if view.slices.isEmpty { return PackedMessages([]) }
        return context.index.messages(
            in: view.conversation, of: call.caller.tenant, view.slices, limit: view.limit + 1)
    }

    /// Reads what the view shows; where that is among the newest messages, those are kept for the next one who asks.
    private func messages(_ view: MessagesView, _ call: Call) async throws -> PackedMessages {
        let usual = RecentMessages.usualCount
        let isRecent = view.slices.allSatisfy { $0.numbers.lowerBound > view.now.n - Int64(usual) }
        if isRecent, messagesInMemory(view, call) == nil {
            let newest = MessageWindow.newest.slices(
                now: view.now, viewer: call.caller.user, limit: usual, prunedUpTo: view.conversation.prunedUpTo)
            let read = try await context.store.messages(in: view.conversation, newest, limit: usual)
            context.index.keep(read, of: view.conversation, call.caller.tenant)
        }
        if let known = messagesInMemory(view, call) { return known }
        return try await context.store.messages(in: view.conversation, view.slices, limit: view.limit + 1)
    }

    /// What this call looks at, by what memory knows or, where the cursor is ahead of that, by what is on disk.
    private func view(_ reference: ConversationReference, _ call: Call) async throws -> MessagesView {
        var conversation = try await context.index.conversation(reference, of: call.caller, from: context.store)
        var view: MessagesView?
        do {
            view = try conversation.flatMap { try self.view(of: $0, reference, call) }
        } catch CursorError.expired {
            conversation = try await context.store.conversation(reference, of: call.caller)
            view = try conversation.flatMap { try self.view(of: $0, reference, call) }
        }
        guard let view else { throw MessagingError.conversationNotFound }
        return view
    }

    /// What this call looks at; nil where the caller does not take part.
    private func view(
        of conversation: Conversation, _ reference: ConversationReference, _ call: Call
    ) throws -> MessagesView? {
        guard let now = conversation.marks(for: call.caller.user) else { return nil }
        let cursor = MessageCursor(
            epoch: context.store.epoch,
            view: context.store.cursorKey.view(of: conversation.id, by: call.caller), marks: now)
        func position(_ text: String) throws -> ReadMarks {
            try MessageCursor(text, in: conversation.id, current: cursor).marks
        }
        let window: MessageWindow =
            if let since = call.query.since {
                .since(try position(since))
            } else if let before = call.query.before {
                .before(try position(before).n)
            } else {
                .newest
            }
        let limit = call.query.limit ?? Self.defaultLimit
        return MessagesView(
            conversation: conversation, reference: reference, caller: call.caller, cursor: cursor, window: window,
            limit: limit)
    }

    private func answer(_ view: MessagesView, upToOneMore found: PackedMessages, _ call: Call) -> Response {
        let complete = found.count <= view.limit
        let messages = complete ? found : found.dropLast()
        let answer = pollAnswer(view, lastReturned: messages.lastNumber, complete: complete)
        let response = answer.response(to: call, context.settings, capacity: 64 + messages.count * 320) { json in
            json.messages(messages, in: view.conversation, for: view.caller.user, view.now)
        }
        if call.shows(response) {
            context.deliveries?.fetched(messages, in: view.conversation.id, by: call.caller)
        }
        return response
    }

    private func pollAnswer(_ view: MessagesView, lastReturned: Int64?, complete: Bool) -> PollAnswer {
        let position = view.window.position(now: view.now, lastReturned: lastReturned, complete: complete)
        return PollAnswer(
            tag: view.tag, cursor: view.text(at: position),
            path: Route.messages(view.reference).path, before: view.olderBefore.map { String($0) },
            endpoint: .messages)
    }
}
