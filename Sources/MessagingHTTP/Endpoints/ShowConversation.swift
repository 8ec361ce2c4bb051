import HTTP
import Messaging

/// `GET /api/messages/conversations/{id}` of a conversation: one object, with all its participants.
///
/// The answer is always the whole conversation; `since`, `before` and `limit` are ignored.
struct ShowConversation {
    let context: Context

    /// Everything that its representation depends on besides the query.
    private struct State {
        let conversation: Conversation
        /// The caller's position in its messages.
        let cursor: MessageCursor
    }

    /// Begins the caller's list where the id in the path is the caller's own, and otherwise the conversation.
    func begin(_ requested: RequestedRoute, _ call: Call) throws -> Step {
        if call.caller.isCalled(requested.id) { return try ListConversations(context: context).begin(call) }
        return try begin(try requested.conversation, call)
    }

    /// Answers where nothing has to be read: nothing changed for this client.
    ///
    /// A conversation of other users takes the same path as one that does not exist.
    private func begin(_ reference: ConversationReference, _ call: Call) throws -> Step {
        guard let conversation = context.index.conversation(reference, of: call.caller),
            let marks = conversation.marks(for: call.caller.user)
        else {
            return .pending {
                let found = try await context.index.conversation(reference, of: call.caller, from: context.store)
                guard let found else { throw MessagingError.conversationNotFound }
                return .response(try await read(found, call))
            }
        }
        let state = state(of: conversation, marks, call)
        let poll = pollAnswer(state, call)
        if poll.tag.held(by: call) != nil {
            return .unchanged(
                Unchanged(response: { notModified(poll, state, call) }) { invalidationToken(of: state, call) })
        }
        return .pending { .response(try await read(conversation, call)) }
    }

    /// Reads the conversation's messages and people from the store.
    private func read(_ conversation: Conversation, _ call: Call) async throws -> Response {
        try context.checkMemory(for: call)
        let result = try await context.store.summary(
            of: conversation, for: call.caller, embedded: bounds(call),
            newest: context.index.newestMessages(of: call.caller.tenant),
            make: { read in Result { try answer(read, call) } })
        return try result.get().compressed()
    }

    private func answer(_ read: ConversationSummary?, _ call: Call) throws -> PollResponse {
        guard let read else { throw MessagingError.conversationNotFound }
        let state = state(of: read.conversation, read.marks, call)
        let poll = pollAnswer(state, call)
        guard poll.tag.held(by: call) == nil else { return PollResponse(notModified(poll, state, call)) }
        var json = JSONWriter()
        json.conversation(read, for: call.caller.user, embedded: bounds(call).count)
        let bytes = json.bytes
        let response = try poll.response(to: call, context.answerMemory, size: bytes.count) {
            bytes.withoutReserve
        }
        if call.shows(response.uncompressed) {
            context.deliveries?.fetched(
                read.newest.suffix(bounds(call).count).numbers, in: read.conversation.id, by: call.caller)
        }
        return response
    }

    /// Caches a `304` for the next poll.
    private func notModified(_ poll: PollAnswer, _ state: State, _ call: Call) -> Response {
        let response = poll.notModified(call)
        context.notModifiedCache.keep(response, poll.tag, to: call) {
            invalidationToken(of: state, call)
        }
        return response
    }

    private func invalidationToken(of state: State, _ call: Call) -> InvalidationToken? {
        guard call.epoch == context.store.epoch else { return nil }
        return context.index.invalidationToken(
            of: state.conversation, seenBy: call.caller, at: state.cursor.marks)
    }

    private func bounds(_ call: Call) -> PageBounds {
        PageBounds(
            count: call.query.messages ?? ListConversations.defaultMessages, bytes: context.settings.mostEmbeddedBytes,
            kept: .newest)
    }

    private func state(of conversation: Conversation, _ marks: ReadMarks, _ call: Call) -> State {
        let view = context.store.cursorKey.view(of: conversation.id, by: call.caller)
        return State(
            conversation: conversation,
            cursor: MessageCursor(epoch: call.epoch, view: view, marks: marks, revision: conversation.revision))
    }

    private func pollAnswer(_ state: State, _ call: Call) -> PollAnswer {
        let changes = ListCursors(of: call.caller, epoch: call.epoch, key: context.store.cursorKey)
        let (conversation, cursor) = (state.conversation, state.cursor.text)
        return PollAnswer(
            tag: EntityTag(
                conversation: conversation.id, at: cursor, change: changes.text(at: conversation.change), bounds(call),
                caller: call.caller),
            cursor: cursor, before: nil, endpoint: .conversation, isFollowed: false)
    }
}
