import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("The nodes and the order of writes", .timeLimit(.minutes(15)))
struct WriteOrderTests {
    let prepared: PreparedDatabase

    init() throws {
        prepared = try PreparedDatabase()
    }

    @Test("Who is no node cannot write, and neither can one that was removed")
    func node() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")], node: 8) } == "PB002")
        #expect(refusal { _ = try prepared.open("d", ["a", "b"], node: 8) } == "PB002")
        try prepared.join(8)
        try prepared.write([.init(key: key, sender: "a")], node: 8)
        try prepared.leave()
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")]) } == "PB002")
        #expect(try prepared.database.run("SELECT last_n FROM postbox.conversations") == "1")
    }

    @Test("A node that has joined anew writes under another number, and nothing more under the former one")
    func formerConnection() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        let node = Node(version: "", bound: .zero)
        let former = try node.join(prepared.connection)
        try prepared.write([.init(key: key, sender: "a")], node: former)
        let writer = try node.join(prepared.connection)
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")], node: former) } == "PB002")
        try prepared.write([.init(key: key, sender: "a")], node: writer)
        #expect(try prepared.database.run("SELECT last_n FROM postbox.conversations") == "2")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.nodes") == "2", "it has one row")
    }

    @Test("A row that was renewed is not removed by somebody who saw an older one")
    func renewed() throws {
        let node = Node(version: "", bound: .milliseconds(40))
        _ = try node.join(prepared.connection)
        let nodes = try Node(version: "", bound: .zero).others(prepared.connection)
        let seen = try #require(nodes.first { $0.id == node.id })
        #expect(try node.renew(prepared.connection, isAlone: false, position: 1, lookAge: 2).isThere)
        try node.remove(seen, prepared.connection)
        #expect(try node.renew(prepared.connection, isAlone: false, position: 1, lookAge: 2).isThere)
        let rows = try prepared.connection.run("SELECT postbox.other_bound(7)", within: PreparedDatabase.limit)
        #expect(try rows.int4(0, 0) == 40)
        try prepared.leave()
        let alone = try node.renew(prepared.connection, isAlone: false, position: 1, lookAge: 2)
        #expect(alone.mayBeAlone && alone.others.isEmpty)
        try prepared.join()
        let other = try node.renew(prepared.connection, isAlone: true, position: 1, lookAge: 2)
        #expect(other.mayBeAlone && other.others.count == 1, "its row says so until it has stopped")
        #expect(try !node.renew(prepared.connection, isAlone: false, position: 1, lookAge: 2).mayBeAlone)
    }

    @Test("The feed says which messages were new, which markers moved, and whose lists that changed")
    func feed() throws {
        let key = try prepared.open("c", ["a", "b", "c"]).key
        try prepared.write([.init(key: key, sender: "a", clientID: "k")])
        let written = try prepared.write(
            [.init(key: key, sender: "a", clientID: "k"), .init(key: key, sender: "b")],
            [
                .init(key: key, user: "b", upTo: 1), .init(key: key, user: "b", upTo: 1),
                .init(key: key, user: "c", upTo: 0),
            ])
        #expect(written.ns == [1, 2] && written.marks == [1, 1, 0])
        let look = try FeedLookRows.look(prepared.connection, after: written.base - 1, within: PreparedDatabase.limit)
            .look
        let row = try #require(look.rows.first)
        #expect(row.position == written.base && row.numbers == [0, 2] && row.marks == [1, 1, 0])
        #expect(row.markedLists == [Commit.ListChange(user: UserID(trusted: "b"), change: written.base + 4)])
        #expect(look.newest == written.base && look.trimmedUpTo == 0 && look.epoch == PreparedDatabase.epoch)
    }

    @Test("A write of another epoch, or on another history of the server, is refused before it changes anything")
    func epoch() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")], epoch: Epoch(random: 2)) } == "PB001")
        try prepared.database.run("UPDATE postbox.store SET timeline = timeline + 1")
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")]) } == "PB001")
        let rows = try prepared.connection.run(
            StoreQuery.lookUpEpoch, [.text("new1"), .text(nil), .int4(nil), .bool(true)], within: PreparedDatabase.limit
        )
        #expect(try rows.requiredText(0, 0) == "new1")
        let again = try prepared.connection.run(
            StoreQuery.lookUpEpoch, [.text("new2"), .text(nil), .int4(nil), .bool(true)], within: PreparedDatabase.limit
        )
        #expect(try again.requiredText(0, 0) == "new1", "it begins once")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "0")
    }

    @Test(
        "After a promotion the epoch goes on where everybody who writes waits for standbys, and each node has to join anew"
    )
    func goesOn() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        let node = Node(version: "", bound: .zero, replicated: true)
        let former = try node.join(prepared.connection)
        try prepared.write([.init(key: key, sender: "a")])
        #expect(try prepared.database.run("SELECT is_replicated FROM postbox.store") == "f", "one node does not wait")
        try prepared.leave()
        try prepared.write([.init(key: key, sender: "a")], node: former)
        #expect(try prepared.database.run("SELECT is_replicated FROM postbox.store") == "t")
        let before = try prepared.connection.lookUpHistory()
        try prepared.database.run("UPDATE postbox.store SET timeline = timeline - 1")
        let served = History(epoch: before.epoch, timeline: before.timeline - 1)
        #expect(try prepared.connection.lookUpHistory(after: served) == before)
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")], node: former) } == "PB002")
        #expect(try !node.renew(prepared.connection, isAlone: true, position: 1, lookAge: 2).isThere)
        let writer = try node.join(prepared.connection)
        try prepared.write([.init(key: key, sender: "a")], node: writer)
        // Somebody has shown what the new primary may lack.
        let fresh = try prepared.connection.lookUpHistory(after: served, goesOn: false)
        #expect(fresh.epoch != before.epoch && fresh.timeline == before.timeline)
        #expect(try prepared.connection.lookUpHistory(after: served, goesOn: false) == fresh, "it begins once")
    }

    @Test("After a promotion a new epoch begins where somebody who writes does not wait for standbys")
    func begins() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        let node = Node(version: "", bound: .zero, replicated: true)
        try prepared.leave()
        let writer = try node.join(prepared.connection)
        try prepared.write([.init(key: key, sender: "a")], node: writer)
        try prepared.join()
        let before = try prepared.connection.lookUpHistory()
        try prepared.database.run("UPDATE postbox.store SET timeline = timeline - 1")
        #expect(try prepared.connection.lookUpHistory().epoch != before.epoch)
    }

    @Test("A write waits two seconds for the lock of all writes, and then says that it is locked")
    func locked() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        let other = try PreparedDatabase.connect(to: prepared.database)
        try other.run("SELECT pg_advisory_lock(5794, 1)", within: PreparedDatabase.limit)
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")]) } == "55P03")
        try other.run("SELECT pg_advisory_unlock(5794, 1)", within: PreparedDatabase.limit)
        try prepared.write([.init(key: key, sender: "a")])
    }

    @Test("An isolation level that would not see the last commit is refused")
    func isolation() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        try prepared.connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ", within: PreparedDatabase.limit)
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")]) } == "P0001")
        try prepared.connection.run("ROLLBACK", within: PreparedDatabase.limit)
    }

    @Test("Openings of one pair at the same time open one direct conversation")
    func race() async throws {
        let database = prepared.database
        let keys = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for task in 0..<8 {
                group.addTask {
                    let own = try PreparedDatabase.connect(to: database)
                    return try (0..<25).map { round in
                        let rows = try own.run(
                            ConversationQuery.open,
                            [
                                .text(PreparedDatabase.epoch.text), .int8(PreparedDatabase.node), .text("t"),
                                .text("c\(task)-\(round)"), .textArray(["a", "b\(round)"]), .bool(true), .int8(1),
                                .bytes([]),
                            ], within: PreparedDatabase.limit)
                        return try rows.requiredInt8(0, 1)
                    }
                }
            }
            return try await group.reduce(into: [[Int64]]()) { $0.append($1) }
        }
        #expect(Set(keys).count == 1, "all got the same ones, in every round")
        #expect(try database.run("SELECT count(*) FROM postbox.conversations") == "25")
    }

    @Test("Change numbers grow in the order of the commits, with no number used twice")
    func order() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        var last: Int64 = 0
        for _ in 0..<50 {
            let written = try prepared.write([.init(key: key, sender: "a"), .init(key: key, sender: "b")])
            #expect(written.base > last && written.base % 1024 == 0)
            last = written.base + 2
        }
        #expect(try prepared.database.run("SELECT change FROM postbox.conversations") == "\(last)")
    }

    @Test("A batch of 1023 writes is taken, and a larger one is refused whole")
    func largest() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        let many = [PreparedDatabase.Draft](repeating: .init(key: key, sender: "a"), count: 1023)
        #expect(try prepared.write(many).ns == Array(1...1023))
        #expect(refusal { try prepared.write(many, [.init(key: key, user: "b")]) } == "P0001")
        #expect(try prepared.database.run("SELECT last_n FROM postbox.conversations") == "1023")
    }

    @Test("Trimming keeps the newest row of the feed, and says up to where rows are gone")
    func trim() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        let bases = try (0..<3).map { _ in try prepared.write([.init(key: key, sender: "a")]).base }
        func trim() throws -> Int64 {
            try prepared.connection.run(StoreQuery.trimFeed, [.int4(60)], within: PreparedDatabase.limit)
                .requiredInt8(0, 0)
        }
        #expect(try trim() == 0)
        try prepared.database.run("UPDATE postbox.feed SET at = at - interval '61 s'")
        let trimmed = try trim()
        #expect(trimmed >= bases[1] && trimmed < bases[2])
        #expect(try prepared.database.run("SELECT position FROM postbox.feed") == "\(bases[2])")
        #expect(try prepared.faults() == [])
    }

    @Test("A poll for the others' messages skips a long run of own ones, and finds every message around it")
    func runs() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        for part in ["b", "a", "a", "a", "b", "a"] {
            let count = part == "a" ? 700 : 3
            try prepared.write([PreparedDatabase.Draft](repeating: .init(key: key, sender: part), count: count))
        }
        let rows = try prepared.connection.run(
            MessageQuery.ofOthers,
            [.text("t"), .int8(key), .int8(0), .int8(0), .int8(1), .int8(.max), .int8(100), .int8(.max), .text("a")],
            within: PreparedDatabase.limit)
        #expect(try (0..<rows.count).map { try rows.requiredInt8($0, 0) } == [1, 2, 3, 2104, 2105, 2106])
    }

    private func refusal(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return (error as? PostgresError)?.sqlState
        }
    }
}
