import Messaging

/// `GET /api/messages/conversations`
struct ListConversations {
    let context: Context

    static let defaultLimit = 100
    static let defaultMessages = 20

    /// Answers where nothing has to be read: nothing changed for this client.
    func answerFromMemory(_ call: Call) throws -> Response? {
        guard let freshness = context.index.list(of: call.caller) else { return nil }
        guard let window = try unlessAhead({ try window(call.query, current: freshness.change) }) else { return nil }
        let tag = tag(call, window, at: freshness.change)
        switch window {
        case .newest:
            guard let end = freshness.pageEnd, end.limit == limit(call), tag.isKnown(to: call.request) else {
                return nil
            }
            return notModified(tag, at: freshness.change, olderBefore: end.olderBefore, call)
        case .since(let change):
            guard change == freshness.change else { return nil }
            guard !tag.isKnown(to: call.request) else { return notModified(tag, at: change, olderBefore: nil, call) }
            return pollAnswer(tag, position: change, olderBefore: nil)
                .response(to: call, context.settings) { $0.raw("[]") }
        case .before:
            return nil
        }
    }

    /// Answers from the store.
    ///
    /// The tag comes from the snapshot that was read, which may be newer than what memory said a moment ago.
    func answer(_ call: Call) async throws -> Response {
        let window = try await window(call)
        let embedded = call.query.messages ?? Self.defaultMessages
        let page = try await page(call, window, embedded)
        if window == .newest {
            let end = ListFreshness.PageEnd(limit: limit(call), olderBefore: page.olderBefore)
            context.index.remember(end, at: page.latestChange, of: call.caller)
        }
        let tag = tag(call, window, at: page.latestChange)
        let response = pollAnswer(tag, position: page.position, olderBefore: page.olderBefore)
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

    private func notModified(_ tag: EntityTag, at change: Int64, olderBefore: Int64?, _ call: Call) -> Response {
        let response = pollAnswer(tag, position: change, olderBefore: olderBefore).notModified(call, context.settings)
        context.idlePolls.keep(response, tag, to: call) {
            context.index.validity(ofListOf: call.caller, at: change)
        }
        return response
    }

    private func limit(_ call: Call) -> Int { call.query.limit ?? Self.defaultLimit }

    /// The window, by what memory knows or, where the cursor is ahead of that, by what is on disk.
    private func window(_ call: Call) async throws -> ListWindow {
        let freshness = try await context.index.list(of: call.caller, from: context.store)
        do {
            return try window(call.query, current: freshness.change)
        } catch CursorError.expired {
            let latest = try await context.store.latestChange(for: call.caller)
            return try window(call.query, current: latest)
        }
    }

    private func window(_ query: Query, current: Int64) throws -> ListWindow {
        func change(_ text: String) throws -> Int64 {
            try ListCursor(text, epoch: context.store.epoch, current: current).change
        }
        if let since = query.since { return .since(try change(since)) }
        if let before = query.before { return .before(try change(before)) }
        return .newest
    }

    private func tag(_ call: Call, _ window: ListWindow, at change: Int64) -> EntityTag {
        EntityTag(
            listOf: call.caller, at: ListCursor(epoch: context.store.epoch, change: change), window,
            limit: limit(call), messages: call.query.messages ?? Self.defaultMessages)
    }

    private func pollAnswer(_ tag: EntityTag, position: Int64, olderBefore: Int64?) -> PollAnswer {
        func cursor(_ change: Int64) -> String { ListCursor(epoch: context.store.epoch, change: change).text }
        return PollAnswer(
            tag: tag, cursor: cursor(position), path: Route.conversations.path, before: olderBefore.map(cursor),
            endpoint: .conversations)
    }
}
