import Messaging
import TestSupport
import Testing

@testable import PostgresStore

/// One store as a server has it: with an index that it fills.
final class TestNode: Sendable {
    /// How long a look may take: a busy machine may stand still for seconds.
    static let patience = Duration.seconds(20)

    let store: PostgresStore
    let index: FreshnessIndex

    init(_ database: PostgresDatabase, bound: Duration = .milliseconds(30)) async throws {
        let index = FreshnessIndex(capacity: 1000)
        self.index = index
        store = try await elsewhere {
            try PostgresStore(address: database.connection, observer: index, freshnessBound: bound)
        }.result.get()
    }

    /// The last number of a conversation as a poll is answered: from memory where that may answer, else after a look; nil where that takes
    /// longer than `limit`.
    func lastN(_ id: ConversationID, as user: UserID = alice, within limit: Duration = TestNode.patience) async throws
        -> Int64?
    {
        guard try await mayAnswer(within: limit) else { return nil }
        return try await index.conversation(.id(id), of: caller(user), from: store)?.lastN
    }

    func revision(_ id: ConversationID, as user: UserID = alice) async throws -> Int64? {
        guard try await mayAnswer(within: Self.patience) else { return nil }
        return try await index.conversation(.id(id), of: caller(user), from: store)?.revision
    }

    func marks(_ id: ConversationID, as user: UserID = alice) async throws -> ReadMarks? {
        guard try await mayAnswer(within: Self.patience) else { return nil }
        return try await index.conversation(.id(id), of: caller(user), from: store)?.marks(for: user)
    }

    func listChange(_ user: UserID) async throws -> Int64? {
        guard try await mayAnswer(within: Self.patience) else { return nil }
        return try await index.list(of: caller(user), from: store).change
    }

    private func mayAnswer(within limit: Duration) async throws -> Bool {
        if store.feedClock.mayAnswer { return true }
        return await store.feedClock.nextLook(within: limit)
    }
}

@Suite("Several nodes on one database", .timeLimit(.minutes(15)))
struct NodeTests {
    let database: PostgresDatabase

    init() throws { database = try PostgresDatabase() }

    @Test("A node that is alone answers at once, and looks at nothing")
    func alone() async throws {
        let node = try await TestNode(database)
        #expect(node.store.nodeStatistics.isAlone)
        let looks = node.store.nodeStatistics.counts.looks
        let id = try await node.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(try await node.lastN(id) == 1)
        for _ in 0..<20 { _ = try await node.store.send(draft(alice, to: .id(id), "more")) }
        #expect(try await node.lastN(id) == 21)
        #expect(node.store.nodeStatistics.counts.looks == looks && !node.store.feedClock.hasOtherNodes)
    }

    @Test("A write at one node is seen from memory at the others once it is answered, every time")
    func fresh() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let third = try await TestNode(database)
        let nodes = [first, second, third]
        let groups = (0..<10).map { ConversationID(trusted: "group-\($0)") }
        for id in groups {
            _ = try await first.store.send(draft(alice, to: .id(id), "first", receivers: [bob, carol]))
        }
        let stale = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for (place, id) in groups.enumerated() {
                tasks.addTask {
                    var stale = 0
                    for round in 0..<100 {
                        let writer = nodes[(place + round) % 3]
                        let n = try await writer.store.send(draft(alice, to: .id(id), "\(round)")).message.n
                        #expect(n == Int64(round) + 2)
                        for node in nodes {
                            let seen = try await node.lastN(id)
                            if seen != n { stale += 1 }
                        }
                        let reader = nodes[(place + round + 1) % 3]
                        let outcome = try await reader.store.markRead(id, upTo: n, by: caller(bob))
                        #expect(outcome.readUpTo == n && outcome.unread == 0)
                        for node in nodes {
                            let marks = try await node.marks(id, as: bob)
                            if marks?.viewerReadUpTo != n { stale += 1 }
                        }
                    }
                    return stale
                }
            }
            return try await tasks.reduce(0, +)
        }
        #expect(stale == 0)
        for user in [alice, bob, carol] {
            let known = try await first.store.latestChange(for: caller(user))
            for node in nodes { #expect(try await node.listChange(user) == known) }
        }
        for node in nodes {
            let statistics = node.store.nodeStatistics
            #expect(!statistics.isAlone && statistics.nodes == 3)
        }
    }

    @Test("Without the wait of D, the others would answer as if a write were not there")
    func withoutBound() async throws {
        let first = try await TestNode(database, bound: .zero)
        let second = try await TestNode(database, bound: .zero)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(try await second.index.conversation(.id(id), of: caller(alice), from: second.store)?.lastN == 1)
        var stale = 0
        for _ in 0..<50 {
            // Somebody polls there, so it looks.
            _ = second.store.feedClock.mayAnswer
            let n = try await first.store.send(draft(alice, to: .id(id), "more")).message.n
            // Memory, whatever its clock says.
            if second.index.conversation(.id(id), of: caller(alice))?.lastN != n { stale += 1 }
        }
        #expect(stale > 0, "of 50")
    }

    @Test("Beside another node a conversation is looked up once, not before each message")
    func lookups() async throws {
        try database.run("ALTER DATABASE \(database.name) SET track_functions = 'pl'")
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        for round in 1...10 {
            #expect(try await second.store.send(draft(bob, to: .id(id), "more")).message.n == Int64(2 * round))
            #expect(try await first.store.send(draft(alice, to: .id(id), "more")).message.n == Int64(2 * round + 1))
        }
        for node in [first, second] { _ = await elsewhere { node.store.close() } }
        // What a connection has counted is there when its server process has ended.
        #expect(
            try await eventually {
                try database.run(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                    == "0"
            })
        let calls = try database.run(
            "SELECT sum(calls) FROM pg_stat_user_functions WHERE funcname IN ('find_direct', 'find_conversation')")
        #expect((1...6).contains(try #require(Int(calls))), "\(calls) calls")
    }

    @Test("Many senders try again at another node: each is answered with its message, and who has read it meanwhile")
    func replays() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        let keys = (2...30).map { "key-\($0)" }
        for key in keys { _ = try await second.store.send(draft(alice, to: .id(id), "text", key: key)) }
        _ = try await second.store.markRead(id, upTo: 10, by: caller(bob))
        let answers = try await withThrowingTaskGroup(of: SentMessage.self) { tasks in
            for key in keys {
                tasks.addTask { try await first.store.send(draft(alice, to: .id(id), "text", key: key)) }
            }
            tasks.addTask { try await first.store.send(draft(alice, to: .id(id), "new", key: "new")) }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.map(\.message.n).sorted() == Array(2...31))
        for answer in answers {
            #expect(answer.replayed == (answer.message.n != 31))
            if answer.replayed { #expect(answer.conversation.marks(for: alice)?.othersReadUpTo == 10) }
        }
        #expect(try await second.lastN(id) == 31)
    }

    @Test("A node whose looks hang answers nothing after D, and all that was written once they go on")
    func heldLooks() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(try await second.lastN(id) == 1)
        second.store.looker.hold(true)
        let n = try await first.store.send(draft(alice, to: .id(id), "two")).message.n
        #expect(!second.store.feedClock.mayAnswer)
        let start = ContinuousClock.now
        #expect(try await second.lastN(id, within: .seconds(1)) == nil)
        #expect((Duration.milliseconds(900) ... .seconds(20)).contains(ContinuousClock.now - start))
        second.store.looker.hold(false)
        #expect(try await second.lastN(id) == n)
    }

    @Test("A node that does not renew its lease answers no more, and goes on when it renews again")
    func lapse() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(try await second.lastN(id) == 1)
        second.store.keeper.hold(true)
        let hasLapsed = await eventually {
            _ = second.store.feedClock.mayAnswer
            try? await Task.sleep(for: .milliseconds(50))
            return !second.store.feedClock.mayAnswer
        }
        #expect(hasLapsed)
        // Others take it to be gone, and go on alone.
        #expect(await eventually { first.store.nodeStatistics.isAlone })
        #expect(try database.run("SELECT count(*) FROM postbox.nodes") == "1")
        let n = try await first.store.send(draft(alice, to: .id(id), "two")).message.n
        #expect(!second.store.feedClock.mayAnswer)
        await #expect(throws: MessagingError.self) { try await second.store.send(draft(bob, to: .id(id), "no")) }
        second.store.keeper.hold(false)
        #expect(await eventually { (try? await second.lastN(id)) == n })
        let isBack = await eventually {
            (try? await second.store.send(draft(bob, to: .id(id), "back", key: "k"))) != nil
        }
        #expect(isBack)
        #expect(try await first.lastN(id) == n + 1)
    }

    @Test("A node that was behind a trimmed feed empties its memory, and then answers with what is stored")
    func trimmed() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(try await second.lastN(id) == 1)
        second.store.looker.hold(true)
        for _ in 0..<3 { _ = try await first.store.send(draft(alice, to: .id(id), "more")) }
        try database.run("SELECT postbox.trim_feed(0)")
        let restarts = second.store.nodeStatistics.counts.restarts
        second.store.looker.hold(false)
        #expect(await eventually { (try? await second.lastN(id)) == 4 })
        #expect(second.store.nodeStatistics.counts.restarts == restarts + 1)
    }

    @Test("More rows than one look brings reach memory in order, before it answers")
    func manyRows() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(try await second.lastN(id) == 1)
        second.store.looker.hold(true)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<4 {
                tasks.addTask { for _ in 0..<70 { _ = try await first.store.send(draft(alice, to: .id(id), "more")) } }
            }
            try await tasks.waitForAll()
        }
        second.store.looker.hold(false)
        #expect(await eventually { (try? await second.lastN(id)) == 281 })
    }

    @Test("Openings, names and what operators change reach every node")
    func changes() async throws {
        let first = try await TestNode(database)
        let second = try await TestNode(database)
        let people = [alice, bob] + (0..<60).map { UserID(trusted: "user-\($0)") }
        let large = ConversationID(trusted: "large")
        let id = try await first.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        var change = try #require(try await second.listChange(alice))
        func hasGrown() async throws -> Bool {
            let now = try #require(try await second.listChange(alice))
            defer { change = now }
            return now > change
        }
        _ = try await first.store.send(draft(alice, to: .id(large), "first", receivers: people))
        #expect(try await hasGrown(), "an opening")
        #expect(try await second.lastN(large) == 1)
        _ = try await first.store.markRead(large, upTo: 1, by: caller(bob))
        #expect(try await second.marks(large, as: bob)?.viewerReadUpTo == 1)
        try await first.store.setPerson(Person(id: bob, name: "Bob", company: nil), tenant: .none)
        #expect(try await hasGrown(), "a name")
        // Commands of an operator, in other processes.
        let address = database.connection
        try await elsewhere {
            let command = try PostgresStore(address: address)
            defer { command.close() }
            try command.setPerson(Person(id: bob, name: "Robert", company: nil), tenant: .none)
        }.result.get()
        #expect(try await hasGrown(), "a name that an operator set")
        let epoch = second.store.epoch
        #expect(try await second.revision(id) == 0)
        let erased = try await elsewhere {
            let command = try PostgresStore(address: address, mustExist: true)
            defer { command.close() }
            return try command.erase(alice, tenant: .none)
        }.result.get()
        #expect(erased == 2)
        #expect(try await second.revision(id) == 1 && second.store.epoch == epoch)
        #expect(try await hasGrown(), "content that was erased")
        let isBack = await eventually {
            (try? await second.store.send(draft(bob, to: .id(id), "two", key: "k"))) != nil
        }
        #expect(isBack)
        #expect(try await first.lastN(id) == 2)
    }

    @Test("A command beside one server writes only once that knows of it, and the server is alone again afterwards")
    func command() async throws {
        let node = try await TestNode(database)
        let id = try await node.store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        let before = try #require(try await node.listChange(alice))
        let address = database.connection
        try await elsewhere {
            let command = try PostgresStore(address: address)
            defer { command.close() }
            try command.setPerson(Person(id: bob, name: "Bob", company: nil), tenant: .none)
        }.result.get()
        let after = try #require(try await node.listChange(alice))
        #expect(after > before)
        #expect(await eventually { node.store.nodeStatistics.isAlone })
        #expect(try await node.store.send(draft(alice, to: .id(id), "two")).message.n == 2)
        #expect(try await node.lastN(id) == 2)
    }
}
