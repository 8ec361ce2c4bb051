import Messaging
import TestSupport
import Testing

@testable import PostgresStore

/// Two thousand conversations of two people out of a hundred, one of them in all; a hundred thousand messages.
struct ManyMessages {
    private static let conversations = 2000
    private static let messages = 100_000

    let prepared: PreparedDatabase

    /// What the planner knows of the tables.
    enum Statistics: CaseIterable {
        case present
        /// They look to it as if they had just been filled.
        case none
        /// They look so, and the plans of a batch were made and kept when they were empty.
        case ofEmptyTables
    }

    init(_ statistics: Statistics) throws {
        prepared = try PreparedDatabase()
        if statistics == .ofEmptyTables {
            try prepared.database.run("VACUUM ANALYZE postbox.messages")
            // It fails, for there is no conversation.
            #expect(throws: PostgresError.self) {
                try prepared.write([PreparedDatabase.Draft(key: 1, sender: "all", clientID: "first")])
            }
        }
        try prepared.database.run(
            """
            INSERT INTO postbox.conversations (tenant_id, key, id, opened_at_ms, last_n, activity, change)
                SELECT 't', k, 'c' || k, 1, \(Self.messages / Self.conversations), k, k FROM generate_series(1, \(Self.conversations)) k;
            INSERT INTO postbox.participants (tenant_id, conversation_key, user_id, read_up_to, change)
                SELECT 't', k, u, 0, 0 FROM generate_series(1, \(Self.conversations)) k, LATERAL (VALUES ('all'), ('u' || k % 100)) v (u);
            INSERT INTO postbox.messages (tenant_id, conversation_key, n, sender_id, content, sent_at_ms, client_message_id, sender_n)
                SELECT 't', 1 + i % \(Self.conversations), 1 + i / \(Self.conversations), 'all', 'text ' || i, i, 'k' || i,
                    1 + i / \(Self.conversations) FROM generate_series(0, \(Self.messages - 1)) i;
            INSERT INTO postbox.users (tenant_id, id, name) SELECT 't', 'u' || i, 'Name' FROM generate_series(0, 9999) i;
            SELECT setval('postbox.conversations_key_seq', \(Self.conversations + 1));
            SELECT setval('postbox.position', 1024 * 1024);
            SELECT postbox.lengthen_lists();
            """)
        for table in ["messages", "participants", "conversations", "users"] where statistics == .present {
            try prepared.database.run("VACUUM ANALYZE postbox.\(table)")
        }
        // What those who filled the tables have read is counted when their server processes end, after their clients have.
        while try othersAreConnected() {}
    }

    private func othersAreConnected() throws -> Bool {
        let rows = try prepared.connection.run(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            within: PreparedDatabase.limit)
        return try rows.requiredInt8(0, 0) > 0
    }

    /// What a statement read: whole tables, and rows by indexes.
    func cost(_ work: () throws -> Void) throws -> (scans: Int64, rows: Int64) {
        let before = try counters()
        try work()
        let after = try counters()
        return (after.scans - before.scans, after.rows - before.rows)
    }

    func counters() throws -> (scans: Int64, rows: Int64) {
        try prepared.connection.run("SELECT pg_stat_force_next_flush()", within: PreparedDatabase.limit)
        let rows = try prepared.connection.run(
            """
            SELECT sum(t.seq_scan)::bigint, (SELECT sum(i.idx_tup_read)::bigint FROM pg_stat_user_indexes i)
            FROM pg_stat_user_tables t WHERE t.relname IN ('messages', 'conversations', 'participants', 'users', 'feed')
            """, within: PreparedDatabase.limit)
        return (try rows.requiredInt8(0, 0), try rows.requiredInt8(0, 1))
    }

    func run(_ sql: String, _ values: [PostgresValue]) throws {
        try prepared.connection.run(sql, values, within: PreparedDatabase.limit)
    }
}

/// Counts what the server really did: a plan that reads a whole table would show here, whatever the planner had said.
@Suite("Reads and writes use indexes only", .timeLimit(.minutes(15)))
struct PlanTests {
    @Test(
        "No read of a poll reads a table whole, and each reads few rows, however long the list or the conversation",
        arguments: [ManyMessages.Statistics.present, .none])
    func reads(statistics: ManyMessages.Statistics) throws {
        let many = try ManyMessages(statistics)
        let (t, key) = (PostgresValue.text("t"), PostgresValue.int8(7))
        let state: [PostgresValue] = [t, key, .int8(0), .int8(0)]
        let numbers: [PostgresValue] = [.int8(1), .int8(1000), .int8(21), .int8(1 << 20)]
        let range = state + numbers
        let cases: [(String, [PostgresValue], Int64)] = [
            (ConversationQuery.own, [t, .text("c7"), .text("u7")], 10),
            (ConversationQuery.own, [t, .text("c7"), .text("u8")], 10),
            (ConversationQuery.direct, [t, .text("a"), .text("b")], 10),
            (ConversationQuery.byKey, [t, key], 10),
            (ConversationQuery.exists, [t, .text("c7")], 10),
            (ConversationQuery.mayBeTogether, [t, .text("u1"), .text("u2")], 500),
            (MessageQuery.oldest, range, 50),
            (MessageQuery.newest, range, 50),
            (ReplicaQuery.page, [t, key, .text("c7")] + numbers, 60),
            (MessageQuery.ofSender, range + [.text("all")], 100),
            (MessageQuery.ofOthers, range + [.text("all")], 150),
            (MessageQuery.byClientID, [t, key, .text("all"), .text("k6")], 60),
            (
                MessageQuery.newestOfEach,
                [
                    t, .int8Array([7, 8]), .int8Array([50, 50]), .int8(20), .int8(1 << 20), .int8Array([0, 0]),
                    .int8Array([0, 0]),
                ], 110
            ),
            (ListQuery.latestChange, [t, .text("all")], 20),
            (ListQuery.latestChange, [t, .text("u7")], 100),
            (ListQuery.before, [t, .text("all"), .int8(.max), .int8(21)], 600),
            (ListQuery.before, [t, .text("u7"), .int8(.max), .int8(21)], 600),
            (ListQuery.since, [t, .text("all"), .int8(1990), .int8(21)], 600),
            (ListQuery.since, [t, .text("u7"), .int8(1990), .int8(21)], 600),
            (ListQuery.one, [t, .text("u7"), key], 150),
            (PeopleQuery.person, [t, .text("u7")], 10),
        ]
        for (query, values, most) in cases {
            try many.run(query, values)
            let cost = try many.cost { try many.run(query, values) }
            #expect(cost.scans == 0, "\(query) \(values)")
            #expect(cost.rows <= most, "\(query) \(values): \(cost.rows) rows")
        }
    }

    @Test("No write reads a table whole, and each reads few rows", arguments: ManyMessages.Statistics.allCases)
    func writes(statistics: ManyMessages.Statistics) throws {
        let many = try ManyMessages(statistics)
        let prepared = many.prepared
        let drafts = (1...64).map { PreparedDatabase.Draft(key: $0, sender: "all", clientID: "new\($0)") }
        let markers = (1...16).map { PreparedDatabase.Marker(key: $0, user: "all") }
        try prepared.write(drafts, markers)
        let again = (1...64).map { PreparedDatabase.Draft(key: $0, sender: "u\($0 % 100)", clientID: "k\($0)") }
        let batch = try many.cost { try prepared.write(again, markers) }
        #expect(batch.scans == 0)
        #expect(batch.rows <= 64 * 12, "\(batch.rows) rows")
        let opening = try many.cost { _ = try prepared.open("new", ["all", "u1"]) }
        #expect(opening.scans == 0 && opening.rows < 1000, "\(opening.rows) rows")
        let renaming = try many.cost {
            try many.run(
                PeopleQuery.rename,
                [
                    .text(PreparedDatabase.epoch.text), .int8(PreparedDatabase.node), .text("t"), .text("u7"),
                    .text("New"), .text(nil), .int8(nil), .bytes([]),
                ])
        }
        #expect(renaming.scans == 0 && renaming.rows < 1000, "\(renaming.rows) rows")
        let own: [PostgresValue] = [.text(PreparedDatabase.epoch.text), .int8(PreparedDatabase.node), .text("t")]
        let pruning = try many.cost {
            try many.run(
                "SELECT * FROM postbox.prune($1, $2, $3, $4, 0, false, 30000, true, 100, '')",
                own + [.int8Array(Array(1...100))])
        }
        #expect(pruning.scans == 0 && pruning.rows < 2000, "\(pruning.rows) rows")
        let erasing = try many.cost {
            try many.run(
                "SELECT * FROM postbox.erase($1, $2, $3, 'all', $4, 0, 100, '')", own + [.int8Array(Array(200...300))])
        }
        #expect(erasing.scans == 0 && erasing.rows < 2000, "\(erasing.rows) rows")
        let trimming = try many.cost { try many.run(StoreQuery.trimFeed, [.int4(60)]) }
        #expect(trimming.scans == 0)
        #expect(try prepared.faults() == [])
    }
}
