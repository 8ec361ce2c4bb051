import Foundation
import Messaging

/// A store whose reads, now and then, arrive a moment after they were made, so that commits overtake them.
struct SlowStore: MessageStore {
    let store: any MessageStore

    var epoch: Epoch { store.epoch }
    var cursorKey: CursorKey { store.cursorKey }

    func conversation(
        _ reference: ConversationReference, of caller: Caller
    ) async throws(MessagingError) -> Conversation? {
        let conversation = try await store.conversation(reference, of: caller)
        await delayAtRandom()
        return conversation
    }

    func conversation(
        _ reference: ConversationReference, of caller: Caller, _ bounds: PageBounds, newest: @escaping NewestMessages
    ) async throws(MessagingError) -> Conversation? {
        let conversation = try await store.conversation(reference, of: caller, bounds, newest: Self.slowly(newest))
        await delayAtRandom()
        return conversation
    }

    func messages<Answer: Sendable>(
        in conversation: Conversation, of tenant: TenantID, _ slices: [MessageSlice], _ bounds: PageBounds,
        make: @escaping @Sendable (PackedMessages) -> Answer
    ) async throws(MessagingError) -> Answer {
        let messages = try await store.messages(in: conversation, of: tenant, slices, bounds) { $0 }
        await delayAtRandom()
        return make(messages)
    }

    func latestChange(for caller: Caller) async throws(MessagingError) -> Int64 {
        let change = try await store.latestChange(for: caller)
        await delayAtRandom()
        return change
    }

    func conversations<Answer: Sendable>(
        of caller: Caller, _ window: ListWindow, _ bounds: PageBounds, embedded: PageBounds,
        newest: @escaping NewestMessages, make: @escaping @Sendable (ConversationPage) -> Answer
    ) async throws(MessagingError) -> Answer {
        let page = try await store.conversations(
            of: caller, window, bounds, embedded: embedded, newest: Self.slowly(newest), make: { $0 })
        await delayAtRandom()
        return make(page)
    }

    func summary<Answer: Sendable>(
        of conversation: Conversation, for caller: Caller, embedded: PageBounds, newest: @escaping NewestMessages,
        make: @escaping @Sendable (ConversationSummary?) -> Answer
    ) async throws(MessagingError) -> Answer {
        let summary = try await store.summary(
            of: conversation, for: caller, embedded: embedded, newest: Self.slowly(newest), make: { $0 })
        await delayAtRandom()
        return make(summary)
    }

    private static func slowly(_ newest: @escaping NewestMessages) -> NewestMessages {
        { conversation, bounds, read in
            try newest(conversation, bounds) {
                let found = try read()
                if Int.random(in: 0..<8) == 0 { usleep(.random(in: 0...1500)) }
                return found
            }
        }
    }

    func send(_ draft: Draft) async throws(MessagingError) -> SentMessage {
        try await store.send(draft)
    }

    func markRead(
        _ conversation: ConversationID, upTo: Int64?, by caller: Caller
    ) async throws(MessagingError) -> ReadOutcome {
        try await store.markRead(conversation, upTo: upTo, by: caller)
    }

    func setPerson(_ person: Person, tenant: TenantID) async throws(MessagingError) {
        try await store.setPerson(person, tenant: tenant)
    }

    func checkReadiness() async -> StoreFault? {
        await store.checkReadiness()
    }

    private func delayAtRandom() async {
        guard Bool.random() else { return }
        try? await Task.sleep(for: .microseconds(.random(in: 0...3000)))
    }
}

/// An index that, now and then, learns of a commit a moment after it is on disk, as on a busy machine.
struct SlowObserver: CommitObserver {
    let index: FreshnessIndex

    func committed(_ commits: [Commit]) {
        if Int.random(in: 0..<4) == 0 { usleep(.random(in: 0...1500)) }
        index.committed(commits)
    }

    func reset() { index.reset() }
}
