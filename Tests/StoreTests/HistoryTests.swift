import Messaging
import StoreWork
import StoreTestSupport
import TestSupport
import Testing

/// Random histories in the store and in a naive model of it, which must agree about everything a list shows.
@Suite(.onEachStore)
struct HistoryTests {
    private static let users = ["ann", "ben", "cyd", "dan"].map { UserID(trusted: $0) }

    @Test("In random histories, lists, unread counts and change numbers are those of a naive model", arguments: 1...6)
    func histories(seed: UInt64) async throws {
        var chance = Generator(seed: seed)
        let home = try StoreHome()
        let recorder = Recorder()
        var store = try home.open(observer: recorder, bounds: Self.bounds(seed))
        var model = NaiveModel()
        var numbers = Numbers()
        var polled = [UserID: Int64]()
        for step in 0..<250 {
            let before = model
            try await act(store, &model, &chance, step)
            try check(recorder.take(), before, model, &numbers)
            if step.isMultiple(of: 60), step > 0 {
                store.close()
                store = try home.open(observer: recorder, bounds: Self.bounds(seed))
            }
            guard let user = Self.users.randomElement(using: &chance) else { continue }
            try await checkList(of: user, store, model, numbers)
            let changed = try await walk(
                store, user, since: numbers[polled[user] ?? 0], limit: .random(in: 1...3, using: &chance))
            #expect(Set(changed) == model.changed(user, after: polled[user] ?? 0))
            #expect(Set(changed).count == changed.count, "each exactly once")
            polled[user] = model.latestChange(user)
        }
    }

    /// Of every other history, so small ones that lists are long and names change in steps.
    private static func bounds(_ seed: UInt64) -> StoreBounds {
        var bounds = StoreBounds()
        guard seed.isMultiple(of: 2) else { return bounds }
        bounds.shortList = 3
        bounds.mostCopies = 2
        bounds.rowsRenamedAtOnce = 20
        return bounds
    }

    /// Does something at random, in the store and in the model.
    private func act(
        _ store: any Store, _ model: inout NaiveModel, _ chance: inout Generator, _ step: Int
    ) async throws {
        let known = model.talks.keys.sorted()
        let action = Int.random(in: 0..<12, using: &chance)
        guard let id = known.randomElement(using: &chance), let talk = model.talks[id], action > 0 else {
            let people = Self.users.shuffled(using: &chance).prefix(.random(in: 2...4, using: &chance)).sorted()
            let id = conversationID("c\(step)")
            _ = try store.open(NewConversation(id: id, participants: people, isDirect: false), tenant: .none, at: noon)
            model.open(id, people)
            return
        }
        let user = talk.users[Int.random(in: talk.users.indices, using: &chance)]
        switch action {
        case 1...6:
            _ = try await store.send(draft(user, to: .id(id), "\(step)"))
            model.send(id, user)
        case 7...10:
            let upTo = Int64.random(in: 0...Int64(talk.senders.count), using: &chance)
            let outcome = try await store.markRead(id, upTo: upTo, by: caller(user))
            model.read(id, user, upTo)
            #expect(outcome.readUpTo == model.talks[id]?.markers[user] ?? 0)
            #expect(outcome.unread == model.talks[id]?.unread(user))
        default:
            let name = ["Ann", "Ben"].randomElement(using: &chance)
            let old = try await store.list(of: user).conversations[0].people.first { $0.id == user }
            try await store.setPerson(Person(id: user, name: name), tenant: .none)
            guard old?.name != name else { return }
            model.rename(user, order: model.talks.filter { $0.value.users.contains(user) }.keys.sorted(by: Self.opened))
        }
    }

    /// Orders ids as the conversations were opened.
    private static func opened(_ lhs: ConversationID, _ rhs: ConversationID) -> Bool {
        (lhs.text.utf8.count, lhs.text) < (rhs.text.utf8.count, rhs.text)
    }

    /// The store's change numbers by the model's, which have the same order and count by one.
    private struct Numbers {
        private var all: [Int64: Int64] = [0: 0]

        subscript(_ number: Int64) -> Int64 { all[number] ?? -1 }

        /// Adds those of one step; expects each to be greater than every one before.
        mutating func add(_ step: [Int64: Int64]) {
            var last = all.values.max() ?? 0
            for (number, stored) in step.sorted(by: { $0.key < $1.key }) {
                #expect(stored > last)
                last = stored
                all[number] = stored
            }
        }
    }

    /// Expects that exactly those were told whose list changed, one number a change, in the right order.
    private func check(
        _ commits: [Commit], _ before: NaiveModel, _ after: NaiveModel, _ numbers: inout Numbers
    ) throws {
        var told: [ConversationID: [UserID: Int64]] = [:]
        for commit in commits {
            for list in commit.listChanges { told[commit.conversation.id, default: [:]][list.user] = list.change }
        }
        var expected: [ConversationID: Set<UserID>] = [:]
        var step: [Int64: Int64] = [:]
        for (id, talk) in after.talks {
            for (user, change) in talk.changes where before.talks[id]?.changes[user] != change {
                expected[id, default: []].insert(user)
                let stored = try #require(told[id]?[user])
                #expect(step[change] ?? stored == stored, "all whose lists change see the same number")
                step[change] = stored
            }
        }
        #expect(told.mapValues { Set($0.keys) } == expected)
        numbers.add(step)
        for commit in commits {
            let talk = try #require(after.talks[commit.conversation.id])
            #expect(commit.conversation.lastN == Int64(talk.senders.count))
            #expect(commit.conversation.participants.map(\.readUpTo) == talk.users.map { talk.markers[$0] ?? 0 })
        }
    }

    /// Reads a whole list in pages and expects it to be the model's.
    private func checkList(of user: UserID, _ store: any Store, _ model: NaiveModel, _ numbers: Numbers) async throws {
        var window = ListWindow.newest
        var found: [ConversationSummary] = []
        while true {
            let page = try await store.conversations(of: caller(user), window, limit: 3, messages: 2)
            #expect(page.latestChange == numbers[model.latestChange(user)])
            if case .before(let activity) = window {
                #expect(page.position == activity - 1, "what is newer than an older page is told again")
            } else {
                #expect(page.position == page.latestChange)
            }
            found += page.conversations
            guard let older = page.olderBefore else { break }
            window = .before(older)
        }
        #expect(found.map(\.conversation.id) == model.list(user))
        for summary in found {
            let talk = try #require(model.talks[summary.conversation.id])
            #expect(summary.unread == talk.unread(user))
            #expect(
                summary.newest.map(\.n)
                    == Array((1...Int64(max(talk.senders.count, 1))).suffix(2)).filter { $0 <= talk.senders.count })
            #expect(summary.people.map(\.id) == talk.users)
        }
        #expect(try await store.latestChange(for: caller(user)) == numbers[model.latestChange(user)])
    }

    /// Follows the position until everything is told.
    private func walk(
        _ store: any Store, _ user: UserID, since: Int64, limit: Int
    ) async throws -> [ConversationID] {
        var (position, found) = (since, [ConversationID]())
        while true {
            let page = try await store.conversations(of: caller(user), .since(position), limit: limit, messages: 1)
            #expect(page.conversations.count <= limit)
            found += page.conversations.map(\.conversation.id)
            guard page.position != position else { return found }
            position = page.position
        }
    }
}
