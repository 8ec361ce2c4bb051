import HTTP
import Messaging

/// `GET /api/messages/conversations`
struct ListConversations {
    let context: Context

    static let defaultLimit = 100
    static let defaultMessages = 20

    /// Answers where nothing has to be read: nothing changed for this client, or the newest page is in memory. What did change is read from
    /// the store, and so is never older than what the client knows.
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
            guard tag.held(by: call) != nil else { return pageInMemory(call, at: freshness.change, cursors) }
            guard let end = freshness.pageEnd, end.isOf(limit: limit(call), messages: embedded(call)) else {
                return nil
            }
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

    /// Answers with the newest page where memory has it at this change; nil also where the client may know a later one.
    private func pageInMemory(_ call: Call, at change: Int64, _ cursors: ListCursors) -> Step? {
        guard !(call.mayBeAhead && call.isConditional), let snapshot = snapshot(for: call),
            snapshot.page.latestChange == change
        else { return nil }
        return .pending {
            // To write it takes a while, and others wait for this thread.
            await Task.yield()
            try context.checkMemory(for: call)
            guard let page = snapshot.page.filled({ newest(in: $0, call) }) else {
                return try await readWhole(call, .newest, cursors)
            }
            let read = ReadPage(page: page, texts: snapshot.texts, generation: snapshot.generation)
            return try give(answer(call, read, .newest, cursors), at: change, call)
        }
    }

    /// Reads the page from the store, or only what has changed since the last one where memory has that.
    private func read(_ call: Call, _ window: ListWindow, _ cursors: ListCursors) async throws -> Step {
        try context.checkMemory(for: call)
        if window == .newest, let snapshot = snapshot(for: call),
            let step = try await readChanges(since: snapshot, call, cursors)
        {
            return step
        }
        return try await readWhole(call, window, cursors)
    }

    /// Answers with the page that a snapshot and its changes make; nil where memory does not have the messages of the rest, or there are
    /// too many changes.
    private func readChanges(
        since snapshot: ListSnapshot, _ call: Call, _ cursors: ListCursors
    ) async throws -> Step? {
        let result = try await conversations(call, .since(snapshot.page.latestChange)) {
            delta -> Result<(PollResponse, Int64)?, Problem> in
            guard let (merged, texts) = snapshot.merged(with: delta),
                let page = merged.filled({ newest(in: $0, call) })
            else { return .success(nil) }
            let read = ReadPage(page: page, texts: texts, generation: snapshot.generation)
            return Result { () throws(Problem) in (try answer(call, read, .newest, cursors), page.latestChange) }
        }
        guard let (made, change) = try result.get() else { return nil }
        return try give(made, at: change, call)
    }

    /// Reads the page from the store.
    ///
    /// The tag is that of the snapshot, which may be newer than the state in memory a moment ago.
    private func readWhole(_ call: Call, _ window: ListWindow, _ cursors: ListCursors) async throws -> Step {
        let generation = context.index.generation
        let result = try await conversations(call, window) { page in
            let read = ReadPage(page: page, texts: [:], generation: generation)
            return Result { () throws(Problem) in (try answer(call, read, window, cursors), page.latestChange) }
        }
        let (made, change) = try result.get()
        return try give(made, at: change, call)
    }

    /// Only messages that are not in memory are read, and kept from then on.
    private func conversations<Answer: Sendable>(
        _ call: Call, _ window: ListWindow, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws -> Answer {
        try await context.store.conversations(
            of: call.caller, window, bounds(call), embedded: embeddedBounds(call),
            newest: context.index.newestMessages(of: call.caller.tenant), make: make)
    }

    /// The newest messages of an entry, at least the last one; nil where memory does not have them all.
    private func newest(in conversation: Conversation, _ call: Call) -> PackedMessages? {
        var bounds = embeddedBounds(call)
        bounds.count = max(bounds.count, 1)
        return context.index.newest(within: bounds, in: conversation, of: call.caller.tenant)
    }

    private func give(_ made: PollResponse, at change: Int64, _ call: Call) throws -> Step {
        let response = try made.compressed()
        return response.hasNothingNew ? unchanged(at: change, call) { response } : .response(response)
    }

    /// A page as it was read.
    private struct ReadPage {
        let page: ConversationPage
        /// The texts of its entries that are written already.
        let texts: [Int64: EntryText]
        /// The generation of memory before it was read.
        let generation: Int
    }

    /// Answers with as much of a page as fits; the next page is made of it.
    private func answer(
        _ call: Call, _ read: ReadPage, _ window: ListWindow, _ cursors: ListCursors
    ) throws(Problem) -> PollResponse {
        let latest = cursors.text(at: read.page.latestChange)
        let (tag, embedded) = (tag(call, at: latest), embedded(call))
        let written = try written(call, read.page, read.texts, window, isHeld: tag.held(by: call) != nil)
        let page = written.page
        if window == .newest, call.epoch == context.store.epoch {
            let end = ListFreshness.PageEnd(limit: limit(call), messages: embedded, olderBefore: page.olderBefore)
            context.index.remember(end, at: page.latestChange, of: call.caller)
            if page.conversations.count == read.page.conversations.count { keep(written, call, in: read.generation) }
        }
        let cursor =
            if case .before(let end) = window {
                cursors.text(justBelow: end)
            } else {
                page.position == read.page.latestChange ? latest : cursors.text(at: page.position)
            }
        let poll = pollAnswer(tag, cursor, before: page.olderBefore.map(cursors.text(at:)))
        let response =
            switch written {
            case .plain(let array):
                try poll.response(to: call, context.answerMemory, size: array.size, boundaries: array.boundaries) {
                    array.bytes
                }
            case .compressed(let array):
                try poll.response(to: call, context.answerMemory, size: array.size, compressed: array.bytes)
            }
        if let deliveries = context.deliveries, call.shows(response.uncompressed) {
            for summary in page.conversations {
                let numbers = summary.newest.suffix(embedded).numbers
                deliveries.fetched(numbers, in: summary.conversation.id, by: call.caller)
            }
        }
        return response
    }

    /// A page as an array in JSON.
    private enum WrittenPage {
        case plain(ConversationArray)
        case compressed(CompressedConversationArray)

        var page: ConversationPage {
            switch self {
            case .plain(let array): array.page
            case .compressed(let array): array.page
            }
        }

        /// The texts of its entries, and whether any of them was compressed just now.
        var texts: (texts: [Int64: EntryText], isCompressedAnew: Bool) {
            switch self {
            case .plain(let array): (array.texts, false)
            case .compressed(let array): (array.texts, array.isCompressedAnew)
            }
        }
    }

    /// Writes as much of a page as fits. The newest page is put together from compressed entries where it goes out compressed.
    ///
    /// - Parameter isHeld: whether the client has the answer already.
    private func written(
        _ call: Call, _ read: ConversationPage, _ texts: [Int64: EntryText], _ window: ListWindow, isHeld: Bool
    ) throws(Problem) -> WrittenPage {
        let (embedded, mostSize) = (embedded(call), context.settings.mostAnswerBytes)
        if window == .newest, call.coding.mayCompress, !isHeld,
            read.conversations.count >= ListSnapshot.fewestEntries
        {
            guard
                let array = CompressedConversationArray(
                    read, texts: texts, for: call.caller.user, embedded: embedded, atMost: mostSize)
            else { throw .noMemoryToCompress }
            if call.coding.form(size: array.size) == .gzip { return .compressed(array) }
        }
        return .plain(
            ConversationArray(
                read, texts: texts, window, for: call.caller.user, embedded: embedded, atMost: mostSize,
                isWritten: (call.wantsBody || call.coding.mayCompress) && !isHeld))
    }

    private func snapshot(for call: Call) -> ListSnapshot? {
        context.listSnapshots.snapshot(of: call.caller, limit: limit(call), in: context.index.generation)
    }

    private func keep(_ written: WrittenPage, _ call: Call, in generation: Int) {
        let (page, (texts, isCompressedAnew)) = (written.page, written.texts)
        guard isCompressedAnew || snapshot(for: call)?.page.latestChange != page.latestChange,
            let snapshot = ListSnapshot(page, texts, limit: limit(call), in: generation)
        else { return }
        context.listSnapshots.keep(snapshot, of: call.caller)
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

    private func embeddedBounds(_ call: Call) -> PageBounds {
        PageBounds(count: embedded(call), bytes: context.settings.mostEmbeddedBytes, kept: .newest)
    }

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
