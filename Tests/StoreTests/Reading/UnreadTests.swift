import Messaging
import StoreWork
import StoreTestSupport
import TestSupport
import Testing

/// Random histories, each of one conversation, whose unread counts must be those of the rule, ``UnreadMessages``.
@Suite(.onEachStore)
struct UnreadTests {
    /// What was sent and read in a conversation, with the messages that were pruned since.
    private struct History: Sendable {
        let id: ConversationID
        let users: [UserID]
        var senders: [UserID] = []
        var markers: [UserID: Int64] = [:]

        /// How many messages the rule says are unread.
        func unread(by user: UserID, prunedUpTo pruned: Int64) -> Int64 {
            let unread = UnreadMessages(
                by: user, after: markers[user] ?? 0, latest: Int64(senders.count), prunedUpTo: pruned)
            return Int64(zip(1..., senders).count { unread.contains($0, from: $1) })
        }
    }

    private static let users = (0..<ConversationSummary.mostPeople + 2).map { UserID(trusted: "u\($0)") }
    private let home: StoreHome

    init() throws {
        home = try StoreHome()
    }

    @Test(
        "Lists, single conversations and read markers count as unread what the rule says, in random histories",
        arguments: 1...10 as ClosedRange<UInt64>)
    func histories(seed: UInt64) async throws {
        var chance = Generator(seed: seed)
        var bounds = StoreBounds()
        // Every other list is long, and is read from the copies of its order.
        if seed.isMultiple(of: 2) { (bounds.shortList, bounds.mostCopies) = (3, 2) }
        var histories = try open(count: 30, bounds, &chance)
        for _ in 0..<3 {
            let store = try home.open(bounds: bounds)
            histories = try await act(in: histories, store, &chance)
            try await check(histories, store)
            store.close()
            try takeAway(from: histories, &chance)
        }
        let store = try home.open(bounds: bounds)
        try await check(histories, store)
        store.close()
        #expect(try home.check() == [])
    }

    /// Opens conversations of few people, and one of more than a list shows.
    private func open(count: Int, _ bounds: StoreBounds, _ chance: inout Generator) throws -> [History] {
        let store = try home.open(bounds: bounds)
        defer { store.close() }
        return try (0..<count).map { index in
            let people =
                index == 0
                ? Self.users : Array(Self.users.prefix(5).shuffled(using: &chance).prefix(2 + chance.below(3)))
            let id = conversationID("c\(index)")
            _ = try store.open(NewConversation(id: id, participants: people, isDirect: false), tenant: .none, at: noon)
            return History(id: id, users: people)
        }
    }

    /// Sends and reads at random, in all conversations at once.
    private func act(
        in histories: [History], _ store: any Store, _ chance: inout Generator
    ) async throws -> [History] {
        try await withThrowingTaskGroup(of: (Int, History).self) { group in
            for (index, history) in histories.enumerated() {
                let chance = Generator(seed: chance.next())
                group.addTask { (index, try await Self.act(in: history, store, chance)) }
            }
            return try await group.reduce(into: histories) { $0[$1.0] = $1.1 }
        }
    }

    private static func act(in before: History, _ store: any Store, _ generator: Generator) async throws -> History {
        var (history, chance) = (before, generator)
        for _ in 0..<chance.below(12) {
            let user = chance.pick(history.users)
            guard chance.below(3) == 0 else {
                let n = Int64(history.senders.count + 1)
                let sent = Draft(
                    caller: caller(user), conversation: .id(history.id), content: try MessageContent("text \(n)"),
                    clientMessageID: nil, receivers: [], opening: .operatorOnly,
                    // Clocks differ a little, so that old messages stand behind newer ones.
                    sentAt: Timestamp(milliseconds: n * 10 + Int64(chance.below(30))), newConversationID: history.id)
                #expect(try await store.send(sent).message.n == n)
                history.senders.append(user)
                continue
            }
            let upTo = Int64(chance.below(history.senders.count + 1))
            let outcome = try await store.markRead(history.id, upTo: upTo, by: caller(user))
            history.markers[user] = max(history.markers[user] ?? 0, upTo)
            let found = try #require(try await store.conversation(.id(history.id), of: caller(user)))
            #expect(outcome.unread == history.unread(by: user, prunedUpTo: found.prunedUpTo))
        }
        return history
    }

    /// Prunes some of the conversations, and erases a user now and then.
    private func takeAway(from histories: [History], _ chance: inout Generator) throws {
        let offline = try home.remover()
        defer { offline.close() }
        for _ in 0..<4 {
            let some = histories.map(\.id).shuffled(using: &chance).prefix(8)
            _ = try offline.prune(
                .conversations(Array(some), .none), before: Timestamp(milliseconds: Int64(chance.below(200))))
        }
        guard chance.once(in: 2) else { return }
        _ = try offline.erase(chance.pick(Array(Self.users.prefix(5))), tenant: .none)
    }

    /// Expects the rule's count wherever the store gives one.
    private func check(_ histories: [History], _ store: any Store) async throws {
        for user in Self.users {
            let mine = histories.filter { $0.users.contains(user) }
            var expected: [ConversationID: Int64] = [:]
            for history in mine {
                let found = try #require(try await store.conversation(.id(history.id), of: caller(user)))
                let unread = history.unread(by: user, prunedUpTo: found.prunedUpTo)
                expected[history.id] = unread
                #expect(try await store.markRead(history.id, upTo: 0, by: caller(user)).unread == unread)
                let summary = try await store.summary(
                    of: found, for: caller(user), embedded: PageBounds(count: 0, bytes: .max, kept: .newest),
                    newest: { try $2() }, make: { $0 })
                #expect(summary?.unread == unread)
            }
            for window in [ListWindow.newest, .before(.max), .since(0)] {
                let page = try await store.conversations(of: caller(user), window, limit: 100, messages: 0)
                let counts = page.conversations.map { ($0.conversation.id, $0.unread) }
                #expect(Dictionary(uniqueKeysWithValues: counts) == expected)
            }
        }
    }
}
