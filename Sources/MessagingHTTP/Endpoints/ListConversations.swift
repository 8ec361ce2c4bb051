import HTTP
import Messaging

/// `GET /api/messages/conversations`
struct ListConversations {
    let context: Context

    static let defaultLimit = 100
    static let defaultMessages = 20

    /// Answers where nothing has to be read: nothing changed for this client. What did change is read from the store, and so is never
    /// older than what the client knows.
    func begin(_ call: Call) throws -> Step {
        guard let freshness = context.index.list(of: call.caller) else { return pending(call) }
        let cursors = cursors(of: call, known: freshness)
        if freshness.image == 0, call.epoch == context.store.epoch {
            context.index.remember(image: cursors.image(of: freshness.change), of: freshness.change, of: call.caller)
        }
        guard let window = try unlessAhead({ try window(call.query, cursors, current: freshness.change) }) else {
            return call.mayBeAhead ? .behind : pending(call)
        }
        return try answerFromMemory(call, window, freshness, cursors)
            ?? .pending { try await read(call, window, cursors) }
    }

    /// Reads the page where memory does not have the list's state, or has an older one than the client.
    private func pending(_ call: Call) -> Step {
        .pending {
            let cursors = cursors(of: call)
            return try await read(call, try await window(call, cursors), cursors)
        }
    }

    private func answerFromMemory(
        _ call: Call, _ window: ListWindow, _ freshness: ListFreshness, _ cursors: ListCursors
    ) throws -> Step? {
        let cursor = cursors.text(at: freshness.change)
        let tag = tag(call, at: cursor)
        switch window {
        case .newest:
            guard let end = freshness.pageEnd, end.isOf(limit: limit(call), messages: embedded(call)),
                tag.held(by: call) != nil
            else { return nil }
            let before = end.olderBefore.map(cursors.text(at:))
            return unchanged(at: freshness.change, call) {
                notModified(pollAnswer(tag, cursor, before: before), at: freshness.change, call)
            }
        case .since(let change):
            guard change == freshness.change else { return nil }
            return unchanged(at: change, call) {
                let answer = pollAnswer(tag, cursor, before: nil)
                guard tag.held(by: call) == nil else { return notModified(answer, at: change, call) }
                return try answer.response(to: call, context.answerMemory, size: 2) {
                    Array("[]".utf8)
                }.compressed()
            }
        case .before:
            return nil
        }
    }

    /// Reads the page from the store.
    ///
    /// The tag is that of the snapshot, which may be newer than the state in memory a moment ago.
    private func read(_ call: Call, _ window: ListWindow, _ cursors: ListCursors) async throws -> Step {
        try context.checkMemory(for: call)
        let (index, tenant) = (context.index, call.caller.tenant)
        // Only messages that are not in memory are read, and kept from then on.
        let result = try await context.store.conversations(
            of: call.caller, window, bounds(call),
            embedded: PageBounds(count: embedded(call), bytes: context.settings.mostEmbeddedBytes, kept: .newest),
            newest: { conversation, bounds, read in
                try index.newest(within: bounds, in: conversation, of: tenant, orRead: read)
            },
            make: { page in
                Result { () throws(Problem) in (try answer(call, page, window, cursors), page.latestChange) }
            })
        let (made, change) = try result.get()
        let response = try made.compressed()
        return response.hasNothingNew ? unchanged(at: change, call) { response } : .response(response)
    }

    /// Answers with as much of a page as fits.
    private func answer(
        _ call: Call, _ read: ConversationPage, _ window: ListWindow, _ cursors: ListCursors
    ) throws(Problem) -> PollResponse {
        let latest = cursors.text(at: read.latestChange)
        let (tag, embedded) = (tag(call, at: latest), embedded(call))
        let array = ConversationArray(
            read, window, for: call.caller.user, embedded: embedded, atMost: context.settings.mostAnswerBytes,
            isWritten: (call.wantsBody || call.coding.mayCompress) && tag.held(by: call) == nil)
        let page = array.page
        if window == .newest, call.epoch == context.store.epoch {
            let end = ListFreshness.PageEnd(limit: limit(call), messages: embedded, olderBefore: page.olderBefore)
            context.index.remember(end, at: page.latestChange, of: call.caller)
        }
        let cursor =
            if case .before(let end) = window {
                cursors.text(justBelow: end)
            } else {
                page.position == read.latestChange ? latest : cursors.text(at: page.position)
            }
        let response = try pollAnswer(tag, cursor, before: page.olderBefore.map(cursors.text(at:)))
            .response(to: call, context.answerMemory, size: array.size, boundaries: array.boundaries) {
                array.bytes
            }
        if let deliveries = context.deliveries, call.shows(response.uncompressed) {
            for summary in page.conversations {
                let numbers = summary.newest.suffix(embedded).numbers
                deliveries.fetched(numbers, in: summary.conversation.id, by: call.caller)
            }
        }
        return response
    }

    private func unchanged(
        at change: Int64, _ call: Call, _ response: @escaping @Sendable () throws -> Response
    ) -> Step {
        .unchanged(
            Unchanged(response: response) { invalidationToken(at: change, call) })
    }

    private func notModified(_ answer: PollAnswer, at change: Int64, _ call: Call) -> Response {
        let response = answer.notModified(call)
        context.notModifiedCache.keep(response, answer.tag, to: call) { invalidationToken(at: change, call) }
        return response
    }

    /// A token of the list at this change; nil also where the call is of a former epoch, in which the number meant another change.
    private func invalidationToken(at change: Int64, _ call: Call) -> InvalidationToken? {
        guard call.epoch == context.store.epoch else { return nil }
        return context.index.invalidationToken(ofListOf: call.caller, at: change)
    }

    private func limit(_ call: Call) -> Int { call.query.limit ?? Self.defaultLimit }

    private func embedded(_ call: Call) -> Int { call.query.messages ?? Self.defaultMessages }

    private func bounds(_ call: Call) -> PageBounds { context.bounds(limit: limit(call), kept: .oldest) }

    /// The window, by the state in memory, or by the state on disk where the cursor is ahead of memory.
    private func window(_ call: Call, _ cursors: ListCursors) async throws -> ListWindow {
        let freshness = try await context.index.list(of: call.caller, from: context.store)
        do {
            return try window(call.query, cursors, current: freshness.change)
        } catch CursorError.expired {
            let latest = try await context.store.latestChange(for: call.caller)
            return try window(call.query, cursors, current: latest)
        }
    }

    private func window(_ query: Query, _ cursors: ListCursors, current: Int64) throws -> ListWindow {
        if let since = query.since { return .since(try cursors.changesKnown(by: since, current: current)) }
        if let before = query.before { return .before(try cursors.pageEnd(in: before, current: current)) }
        return .newest
    }

    private func cursors(of call: Call, known: ListFreshness? = nil) -> ListCursors {
        ListCursors(of: call.caller, epoch: call.epoch, key: context.store.cursorKey, known: known)
    }

    private func tag(_ call: Call, at cursor: String) -> EntityTag {
        EntityTag(listOf: call.caller, at: cursor, call.query, bounds(call), messages: embedded(call))
    }

    private func pollAnswer(_ tag: EntityTag, _ cursor: String, before: String?) -> PollAnswer {
        PollAnswer(tag: tag, cursor: cursor, before: before, endpoint: .conversations)
    }
}
