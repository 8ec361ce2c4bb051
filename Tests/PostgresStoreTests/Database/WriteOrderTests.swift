import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("The lease and the order of writes", .timeLimit(.minutes(15)))
struct WriteOrderTests {
    let prepared: PreparedDatabase

    init() throws {
        prepared = try PreparedDatabase()
    }

    @Test("A process without the lease cannot write, and neither can one that lost it")
    func lease() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        #expect(try !prepared.takeLease(8), "the other one has it")
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")], lease: 8) } == "PB002")
        #expect(refusal { _ = try prepared.open("d", ["a", "b"], lease: 8) } == "PB002")
        try prepared.database.run("UPDATE postbox.lease SET until = now() - interval '1 s'")
        try prepared.write([.init(key: key, sender: "a")])
        #expect(try prepared.takeLease(8), "it has run out")
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")]) } == "PB002")
        try prepared.write([.init(key: key, sender: "a")], lease: 8)
        #expect(try prepared.database.run("SELECT last_n FROM postbox.conversations") == "2")
    }

    @Test("Who has the lease keeps its beginning when it takes it again, and others learn who it is and since when")
    func holder() throws {
        let since = try prepared.database.run("SELECT since FROM postbox.lease")
        #expect(try prepared.takeLease())
        #expect(try prepared.database.run("SELECT since FROM postbox.lease") == since)
        let rows = try prepared.connection.run(
            StoreQuery.takeLease, [.int8(8), .int4(10), .text("other")], within: PreparedDatabase.limit)
        #expect(
            try rows.requiredText(0, 1) == "test" && rows.requiredInt8(0, 2) > 0 && rows.requiredInt8(0, 3) > 500_000)
        #expect(try renew(8) == false && renew(PreparedDatabase.lease))
        try prepared.releaseLease()
        #expect(try renew(PreparedDatabase.lease) == false)
        #expect(try prepared.takeLease(8))
    }

    private func renew(_ holder: Int64) throws -> Bool {
        try prepared.connection.run(StoreQuery.renewLease, [.int8(holder), .int4(600)], within: PreparedDatabase.limit)
            .requiredBool(0, 0)
    }

    @Test("A write of another epoch, or on another history of the server, is refused before it changes anything")
    func epoch() throws {
        let key = try prepared.open("c", ["a", "b"]).key
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")], epoch: Epoch(random: 2)) } == "PB001")
        try prepared.database.run("UPDATE postbox.store SET timeline = timeline + 1")
        #expect(refusal { try prepared.write([.init(key: key, sender: "a")]) } == "PB001")
        let rows = try prepared.connection.run(
            StoreQuery.lookUpEpoch, [.text("new1")], within: PreparedDatabase.limit)
        #expect(try rows.requiredText(0, 0) == "new1")
        let again = try prepared.connection.run(
            StoreQuery.lookUpEpoch, [.text("new2")], within: PreparedDatabase.limit)
        #expect(try again.requiredText(0, 0) == "new1", "it begins once")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "0")
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
                                .text(PreparedDatabase.epoch.text), .int8(PreparedDatabase.lease), .text("t"),
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
            [.text("t"), .int8(key), .text("a"), .int8(1), .int8(.max), .int8(100), .int8(.max)],
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
