import HTTP
import Messaging

/// `GET /api/messages/conversations/{id}/messages`
struct ListMessages {
    let context: Context

    static let defaultLimit = 100

    /// Texts of more bytes are not compressed on a loop thread: with what is around them it would take it some 100 µs.
    private static let mostToCompressOnLoop = 4 << 10

    /// Answers where nothing has to be read from the store: nothing changed for this client, or what did is in memory.
    ///
    /// A conversation of other users takes the same path as one that does not exist.
    func begin(_ reference: ConversationReference, _ call: Call) throws -> Step {
        guard let conversation = context.index.conversation(reference, of: call.caller),
            conversation.marks(for: call.caller.user) != nil
        else { return pending(reference, call) }
        guard let view = try unlessAhead({ try view(of: conversation, call) }) else {
            return call.mayBeAhead ? .behind : pending(reference, call)
        }
        return try begin(view, call)
    }

    /// Reads the conversation where memory does not have it, or has an older state than the client. A client that has nothing yet is shown
    /// its newest messages, so these are read at the same time.
    private func pending(_ reference: ConversationReference, _ call: Call) -> Step {
        .pending { try begin(try await view(reference, call), call) }
    }

    private func begin(_ view: MessagesView, _ call: Call) throws -> Step {
        if let known = view.extent(knownTo: call) {
            return unchanged(view, call) { notModified(view, known, call) }
        }
        // Memory has all that a cursor which is not ahead of it covers; of a tag that is another it may know less.
        if call.mayBeAhead, call.isConditional { return .behind }
        if let found = messagesInMemory(view, call) {
            if isEmptyDelta(view, found) { return emptyDelta(view, call) }
            // The condition of the request names the tag, or `*`: the answer is a `304`.
            if view.tag.held(by: call) != nil {
                return unchanged(view, call) { try answer(view, found, call).compressed() }
            }
            guard call.coding.mayCompress, found.textSize > Self.mostToCompressOnLoop else {
                return .response(try answer(view, found, call).compressed())
            }
            return .pending {
                // To compress takes a while, and others wait for this thread.
                await Task.yield()
                return .response(try answer(view, found, call).compressed())
            }
        }
        return .pending {
            let (response, view) = try await readAgainWhereRemoved(view, call)
            if response.isEmptyDelta { return emptyDelta(view, call) }
            return response.hasNothingNew ? unchanged(view, call) { response } : .response(response)
        }
    }

    /// Reads the messages from the store. Where some are removed meanwhile, it begins again from the state after that.
    private func readAgainWhereRemoved(
        _ begun: MessagesView, _ call: Call
    ) async throws -> (response: Response, view: MessagesView) {
        var view = begun
        while true {
            do {
                return (try await read(view, call), view)
            } catch MessagingError.messagesRemoved {
                let reference = ConversationReference.id(view.conversation.id)
                guard let now = try await context.store.conversation(reference, of: call.caller),
                    let next = try self.view(of: now, call)
                else { throw MessagingError.conversationNotFound }
                view = next
            }
        }
    }

    /// Reads the messages from the store.
    ///
    /// - Throws: ``MessagingError/messagesRemoved`` among others.
    private func read(_ view: MessagesView, _ call: Call) async throws -> Response {
        try context.checkMemory(for: call)
        if isRecent(view), let response = try await answerFromNewest(view, call) { return response }
        if let response = try await answerFromReplica(view, call) { return response }
        let result = try await context.store.messages(
            in: view.conversation, of: call.caller.tenant, view.slices, view.bounds
        ) { found in
            Result { () throws(Problem) in try answer(view, found, call) }
        }
        return try result.get().compressed()
    }

    /// Reads an older page from a read replica; nil where the view is another, or the primary has to be asked.
    private func answerFromReplica(_ view: MessagesView, _ call: Call) async throws -> Response? {
        guard case .before = view.window, let numbers = view.slices.first?.numbers else { return nil }
        let result = await context.store.messagesFromReplica(
            in: view.conversation, of: call.caller.tenant, numbers, view.bounds
        ) { found -> Result<PollResponse, Problem>? in
            guard hasSameMessages(view, call) else { return nil }
            return Result { () throws(Problem) in try answer(view, found, call) }
        }
        return try result?.get().compressed()
    }

    /// Whether memory knows that no message of the view has been removed. A replica that lags may still have it, and its removal may have
    /// been acknowledged since the view was made.
    private func hasSameMessages(_ view: MessagesView, _ call: Call) -> Bool {
        // The clock first: what it vouches for is in the index.
        guard context.feedClock.mayAnswer, call.epoch == context.store.epoch,
            let now = context.index.conversation(.id(view.conversation.id), of: call.caller)
        else { return false }
        return now.revision == view.conversation.revision && now.prunedUpTo == view.conversation.prunedUpTo
    }

    /// Reads the newest messages and keeps them in memory for the next request; nil where that is not all that the view shows.
    private func answerFromNewest(_ view: MessagesView, _ call: Call) async throws -> Response? {
        let bounds = context.bounds(limit: RecentMessages.usualCount, kept: .newest)
        let newest = MessageWindow.newest.slices(
            now: view.now, viewer: call.caller.user, limit: bounds.count, prunedUpTo: view.conversation.prunedUpTo)
        let start = context.index.generation
        let result = try await context.store.messages(
            in: view.conversation, of: call.caller.tenant, newest, bounds
        ) { read in
            context.index.keep(read, of: view.conversation, call.caller.tenant, readIn: start)
            return messagesInMemory(view, call).map { found in
                Result { () throws(Problem) in try answer(view, found, call) }
            }
        }
        return try result?.get().compressed()
    }

    /// Whether what the view shows is among the newest messages.
    private func isRecent(_ view: MessagesView) -> Bool {
        view.slices.allSatisfy { $0.numbers.lowerBound > view.now.latest - Int64(RecentMessages.usualCount) }
    }

    /// One message more than requested shows whether more follow.
    private func messagesInMemory(_ view: MessagesView, _ call: Call) -> PackedMessages? {
        if view.slices.isEmpty { return PackedMessages([]) }
        if view.window == .newest {
            return context.index.newest(within: view.bounds, in: view.conversation, of: call.caller.tenant)
        }
        return context.index.messages(
            in: view.conversation, of: call.caller.tenant, view.slices, limit: view.bounds.countToRead)
    }

    /// The view of this call, by the state in memory, or by the state on disk where the cursor is ahead of memory.
    private func view(_ reference: ConversationReference, _ call: Call) async throws -> MessagesView {
        var conversation = try await context.index.conversation(
            reference, of: call.caller, from: context.store, newest: try boundsOfFirstPage(call))
        var view: MessagesView?
        do {
            view = try conversation.flatMap { try self.view(of: $0, call) }
        } catch CursorError.expired {
            conversation = try await context.store.conversation(reference, of: call.caller)
            view = try conversation.flatMap { try self.view(of: $0, call) }
        }
        guard let view else { throw MessagingError.conversationNotFound }
        return view
    }

    /// The bounds of the newest messages to keep in memory for the page of a client that has nothing yet; nil for other calls and for
    /// larger pages.
    private func boundsOfFirstPage(_ call: Call) throws(Problem) -> PageBounds? {
        let limit = call.query.limit ?? Self.defaultLimit
        guard call.query.since == nil, call.query.before == nil, !call.isConditional, limit <= Self.defaultLimit else {
            return nil
        }
        try context.checkMemory(for: call)
        return context.bounds(limit: max(limit, RecentMessages.usualCount), kept: .newest)
    }

    /// The view of this call; nil where the caller does not take part.
    private func view(
        of conversation: Conversation, _ call: Call
    ) throws -> MessagesView? {
        guard let now = conversation.marks(for: call.caller.user) else { return nil }
        let cursor = MessageCursor(
            epoch: call.epoch,
            view: context.store.cursorKey.view(of: conversation.id, by: call.caller), marks: now,
            revision: conversation.revision)
        func position(_ text: String) throws -> ReadMarks {
            try MessageCursor(text, in: conversation.id, current: cursor).marks
        }
        let window: MessageWindow =
            if let since = call.query.since {
                .since(try position(since))
            } else if let before = call.query.before {
                .before(try position(before).latest)
            } else {
                .newest
            }
        return MessagesView(
            conversation: conversation, caller: call.caller, cursor: cursor, window: window,
            bounds: context.bounds(limit: call.query.limit ?? Self.defaultLimit, kept: window.kept))
    }

    /// Answers with as many of these messages as fit.
    private func answer(
        _ view: MessagesView, _ found: PackedMessages, _ call: Call
    ) throws(Problem) -> PollResponse {
        let array = MessageArray(found, in: view.conversation, for: view.caller.user, view.now).cut(to: view.bounds)
        let messages = array.messages
        let extent = view.extent(from: messages.isEmpty ? nil : messages.number(at: messages.startIndex))
        let position = view.window.position(
            now: view.now, lastReturned: messages.lastNumber, complete: messages.count == found.count)
        let poll = pollAnswer(view, extent, at: position)
        guard extent.tag.held(by: call) == nil else {
            return PollResponse(kept(poll.notModified(call), extent, view, call))
        }
        let response = try poll.response(to: call, context.answerMemory, size: array.size) {
            array.bytes
        }
        if call.shows(response.uncompressed) {
            context.deliveries?.fetched(messages.numbers, in: view.conversation.id, by: call.caller)
        }
        return response
    }

    /// Whether the client polls for changes, and there are none: others may have read on, but nothing that this caller wrote.
    private func isEmptyDelta(_ view: MessagesView, _ found: PackedMessages) -> Bool {
        if case .since = view.window { found.isEmpty } else { false }
    }

    private func emptyDelta(_ view: MessagesView, _ call: Call) -> Step {
        unchanged(view, call) { try answer(view, PackedMessages([]), call).compressed() }
    }

    private func unchanged(
        _ view: MessagesView, _ call: Call, _ response: @escaping @Sendable () throws -> Response
    ) -> Step {
        .unchanged(
            Unchanged(response: response) { invalidationToken(of: view, call) })
    }

    private func notModified(_ view: MessagesView, _ extent: MessagesView.Extent, _ call: Call) -> Response {
        let position = view.window.position(now: view.now, lastReturned: nil, complete: true)
        return kept(pollAnswer(view, extent, at: position).notModified(call), extent, view, call)
    }

    /// Caches a `304` for the next poll.
    private func kept(
        _ response: Response, _ extent: MessagesView.Extent, _ view: MessagesView, _ call: Call
    ) -> Response {
        context.notModifiedCache.keep(response, extent.tag, to: call) { invalidationToken(of: view, call) }
        return response
    }

    private func invalidationToken(of view: MessagesView, _ call: Call) -> InvalidationToken? {
        guard call.epoch == context.store.epoch else { return nil }
        return context.index.invalidationToken(of: view.conversation, seenBy: call.caller)
    }

    private func pollAnswer(_ view: MessagesView, _ extent: MessagesView.Extent, at position: ReadMarks) -> PollAnswer {
        PollAnswer(
            tag: extent.tag, cursor: view.text(at: position),
            before: extent.olderBefore.map { String($0) }, prunedUpTo: view.conversation.prunedUpTo,
            endpoint: .messages)
    }
}
