import Messaging

/// `GET /api/messages/conversations`
struct ListConversations {
    let context: Context

    static let defaultLimit = 100
    static let defaultMessages = 20

    /// Answers where nothing has to be read: nothing changed for this client.
    func answerFromMemory(_ call: Call) throws -> Response? {
        guard let freshness = context.index.list(of: call.caller) else { return nil }
        let cursors = cursors(of: call.caller)
        guard let window = try unlessAhead({ try window(call.query, cursors, current: freshness.change) }) else {
            return nil
        }
        let cursor = cursors.text(at: freshness.change)
        let tag = tag(call, at: cursor)
        switch window {
        case .newest:
            guard let end = freshness.pageEnd, end.limit == limit(call), tag.isKnown(to: call.request) else {
                return nil
            }
            let before = end.olderBefore.map(cursors.text(at:))
            return notModified(pollAnswer(tag, cursor, before: before), at: freshness.change, call)
        case .since(let change):
            guard change == freshness.change else { return nil }
            let answer = pollAnswer(tag, cursor, before: nil)
            guard !tag.isKnown(to: call.request) else { return notModified(answer, at: change, call) }
            return answer.response(to: call, context.settings) { $0.raw("[]") }
        case .before:
            return nil
        }
    }

    /// Answers from the store.
    ///
    /// The tag comes from the snapshot that was read, which may be newer than what memory said a moment ago.
    func answer(_ call: Call) async throws -> Response {
        let cursors = cursors(of: call.caller)
        let window = try await window(call, cursors)
        let embedded = call.query.messages ?? Self.defaultMessages
        let page = try await page(call, window, embedded)
        if window == .newest {
            let end = ListFreshness.PageEnd(limit: limit(call), olderBefore: page.olderBefore)
            context.index.remember(end, at: page.latestChange, of: call.caller)
        }
        let tag = tag(call, at: cursors.text(at: page.latestChange))
        let cursor =
            if case .before(let end) = window { cursors.text(justBelow: end) } else { cursors.text(at: page.position) }
        let response = pollAnswer(tag, cursor, before: page.olderBefore.map(cursors.text(at:)))
            .response(to: call, context.settings, capacity: Self.size(of: page)) { json in
                json.raw("[")
                for (place, summary) in page.conversations.enumerated() {
                    if place > 0 { json.raw(",") }
                    json.conversation(summary, for: call.caller.user, embedded: embedded)
                }
                json.raw("]")
            }
        if let deliveries = context.deliveries, call.shows(response) {
            for summary in page.conversations {
                deliveries.fetched(summary.newest.suffix(embedded), in: summary.conversation.id, by: call.caller)
            }
        }
        return response
    }

    /// Reads a part of the list, but of the messages only those that memory does not have, which it keeps from then on.
    private func page(_ call: Call, _ window: ListWindow, _ embedded: Int) async throws -> ConversationPage {
        let (index, tenant) = (context.index, call.caller.tenant)
        return try await context.store.conversations(
            of: call.caller, window, limit: limit(call), messages: embedded
        ) { conversation, count, read in
            try index.newest(count, in: conversation, of: tenant, orRead: read)
        }
    }

    /// About how many bytes a page has as JSON.
    private static func size(of page: ConversationPage) -> Int {
        page.conversations.reduce(64) { size, summary in
            size + 512 + summary.newest.textSize + summary.newest.count * 256
        }
    }

    private func notModified(_ answer: PollAnswer, at change: Int64, _ call: Call) -> Response {
        let response = answer.notModified(call, context.settings)
        context.idlePolls.keep(response, answer.tag, to: call) {
            context.index.validity(ofListOf: call.caller, at: change)
        }
        return response
    }

    private func limit(_ call: Call) -> Int { call.query.limit ?? Self.defaultLimit }

    /// The window, by what memory knows or, where the cursor is ahead of that, by what is on disk.
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

    private func cursors(of caller: Caller) -> ListCursors {
        ListCursors(of: caller, epoch: context.store.epoch, key: context.store.cursorKey)
    }

    private func tag(_ call: Call, at cursor: String) -> EntityTag {
        EntityTag(
            listOf: call.caller, at: cursor, call.query, limit: limit(call),
            messages: call.query.messages ?? Self.defaultMessages)
    }

    private func pollAnswer(_ tag: EntityTag, _ cursor: String, before: String?) -> PollAnswer {
        PollAnswer(
            tag: tag, cursor: cursor, path: Route.conversations.path, before: before, endpoint: .conversations)
    }
}
