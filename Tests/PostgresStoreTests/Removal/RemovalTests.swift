import Messaging
import StoreWork
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Commands that remove something from a database", .timeLimit(.minutes(15)))
struct RemovalTests {
    let prepared: PreparedDatabase
    private let tenant = TenantID(trusted: "t")
    private let a = UserID(trusted: "a")

    init() throws {
        prepared = try PreparedDatabase()
        let key = try prepared.open("c", ["a", "b"]).key
        try prepared.write([
            .init(key: key, sender: "a", content: "secret", at: 10), .init(key: key, sender: "b", at: 20),
        ])
    }

    /// Does something as a command does it, in a process that joins and leaves.
    private func command<Answer>(
        bounds: StoreBounds = StoreBounds(), _ body: (PostgresStore) throws -> Answer
    ) throws -> Answer {
        let store = try PostgresStore(address: prepared.database.connection, mustExist: true, bounds: bounds)
        defer { store.close() }
        return try body(store)
    }

    private func epoch() throws -> String { try prepared.database.run("SELECT epoch FROM postbox.store") }

    @Test("They work beside a node, which goes on writing")
    func beside() throws {
        #expect(try command { try $0.erase(a, tenant: tenant) } == 1)
        try prepared.write([.init(key: 1, sender: "a")])
        #expect(try prepared.database.run("SELECT string_agg(id::text, ' ') FROM postbox.nodes") == "7", "it left")
    }

    @Test("They wait for a node that answers from memory without looking at the feed, until it knows of them")
    func waits() async throws {
        let other = Node(version: "", bound: .zero)
        _ = try other.join(prepared.connection)
        try prepared.leave()
        #expect(try other.renew(prepared.connection, isAlone: false, position: nil, lookAge: nil).mayBeAlone)
        let address = prepared.database.connection
        let pruned = Task {
            try await elsewhere {
                let store = try PostgresStore(address: address, mustExist: true)
                defer { store.close() }
                _ = try store.prune(.everything, before: Timestamp(milliseconds: 15))
            }.result.get()
        }
        let isThere = try await eventually { try prepared.database.run("SELECT count(*) FROM postbox.nodes") == "2" }
        #expect(isThere)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "2", "not before it is known")
        #expect(try other.renew(prepared.connection, isAlone: false, position: nil, lookAge: nil).others.count == 1)
        try await pruned.value
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "1")
    }

    @Test("Erasing counts a revision and begins no epoch, and leaves the content neither in the tables nor in the feed")
    func erase() throws {
        try prepared.leave()
        let before = try epoch()
        #expect(try command { try $0.erase(UserID(trusted: "nobody"), tenant: tenant) } == nil)
        #expect(try prepared.database.run("SELECT max(revision) FROM postbox.conversations") == "0")
        try command { store in
            #expect(try store.erase(a, tenant: tenant) == 1)
            try store.compact()
        }
        #expect(try epoch() == before)
        #expect(try prepared.database.run("SELECT max(revision) FROM postbox.conversations") == "1")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages WHERE content = 'secret'") == "0")
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.feed") == "0")
        #expect(try prepared.faults() == [])
    }

    @Test(
        "Compacting leaves no trace of removed content in the tables' files, or beside another node none in their rows",
        arguments: [false, true])
    func compact(isBeside: Bool) throws {
        let text = "a text that is unique \(UInt64.random(in: 0 ... .max))"
        try prepared.write([.init(key: 1, sender: "a", content: text)])
        if !isBeside { try prepared.leave() }
        func isInFile() throws -> Bool {
            try prepared.database.run("CHECKPOINT")
            return try prepared.database.run(
                "SELECT position('\(text)'::bytea IN pg_read_binary_file(pg_relation_filepath('postbox.messages'))) > 0"
            )
                == "t"
        }
        #expect(try isInFile())
        let file = "SELECT pg_relation_filepath('postbox.messages')"
        let before = try prepared.database.run(file)
        try command { store in
            #expect(try store.erase(a, tenant: tenant) == 2)
            try store.compact()
        }
        #expect(try isBeside || !isInFile())
        #expect(try (prepared.database.run(file) == before) == isBeside)
        let vacuumed = "SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'messages'"
        #expect(try !isBeside || prepared.database.run(vacuumed) == "t")
        #expect(try prepared.faults() == [])
    }

    @Test("A removal that ended after any number of steps is completed by the same command", arguments: 1...9)
    func interrupted(steps: Int) throws {
        for n in 1...10 { try prepared.write([.init(key: 1, sender: "a", content: "text \(n)", at: Int64(20 + n))]) }
        try prepared.database.run("INSERT INTO postbox.users (tenant_id, id, name) VALUES ('t', 'a', 'Dana')")
        var bounds = StoreBounds()
        bounds.messagesRemovedAtOnce = 2
        var erased = 0
        try command(bounds: bounds) { store in
            try store.setPerson(Person(id: a, name: "", company: ""), tenant: tenant)
            var position = RemovalPosition()
            for _ in 1..<steps where position.place < 1 {
                let step = try store.remove(.messages(of: a, in: [1], from: position), tenant)
                position = step.position
                erased += step.emptied ?? 0
            }
        }
        #expect(try prepared.faults() == [])
        #expect(try command(bounds: bounds) { try $0.erase(a, tenant: tenant) } == 11 - erased)
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.users WHERE id = 'a'") == "0")
        #expect(
            try prepared.database.run("SELECT count(*) FROM postbox.messages WHERE sender_id = 'a' AND content <> ''")
                == "0")
        #expect(try prepared.faults() == [])
    }

    @Test(
        "A step of which a large conversation is the last tells of itself, with its time, and says where the next begins"
    )
    func step() throws {
        try command { store in
            let first = try store.remove(
                .old(before: Timestamp(milliseconds: 15), in: [1], emptiesOthers: false, from: RemovalPosition()),
                tenant)
            #expect(first.removed == 1 && first.position == RemovalPosition(place: 1))
            #expect(first.time > .zero && first.time < .seconds(10))
            let gone = try store.remove(
                .old(before: Timestamp(milliseconds: 15), in: [99], emptiesOthers: true, from: RemovalPosition()),
                tenant)
            #expect(gone.removed == 0 && gone.position == RemovalPosition(place: 1))
        }
    }

    @Test("A new epoch begins when it is asked for, and nothing else changes")
    func newEpoch() throws {
        try prepared.leave()
        let messages = try prepared.export()
        let restored = try RestoredPostgres(address: prepared.database.connection)
        #expect(try restored.beginEpoch(random: 42) == Epoch(random: 42))
        #expect(try epoch() == Epoch(random: 42).text)
        #expect(try prepared.export() == messages)
    }

    @Test("A conversation that does not exist is not pruned, nor are the others that were named")
    func unknown() throws {
        try prepared.leave()
        let ids = ["c", "nowhere"].map { ConversationID(trusted: $0) }
        #expect(throws: MessagingError.conversationNotFound) {
            try command { _ = try $0.prune(.conversations(ids, tenant), before: Timestamp(milliseconds: 100)) }
        }
        #expect(try prepared.database.run("SELECT count(*) FROM postbox.messages") == "2")
    }

    @Test("A database without a schema has nothing to look at or to change")
    func unprepared() throws {
        let empty = try PostgresDatabase()
        let error = PostgresStoreError.notPrepared(database: empty.name)
        #expect(throws: error) { try PostgresStore(address: empty.connection, mustExist: true) }
        #expect(throws: error) { try RestoredPostgres(address: empty.connection) }
        #expect(throws: error) { try ReadOnlyPostgres.check(address: empty.connection) }
    }
}
