import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Checking a database", .timeLimit(.minutes(15)))
struct CheckTests {
    let prepared: PreparedDatabase

    /// A direct conversation with messages, a large one, and a long list.
    init() throws {
        prepared = try PreparedDatabase()
        let pair = try prepared.open("pair", ["a", "b"], direct: true).key
        let group = try prepared.open("group", (10..<40).map { "u\($0)" }).key
        try prepared.write(
            [
                .init(key: pair, sender: "a", clientID: "k"), .init(key: pair, sender: "b"),
                .init(key: group, sender: "u10"),
            ], [.init(key: pair, user: "a")])
        try prepared.database.run("SELECT postbox.lengthen_lists(0, 32)")
        try prepared.connection.run(
            "SELECT * FROM postbox.rename($1, 7, 't', 'a', 'Name', NULL, NULL, '')",
            [.text(PreparedDatabase.epoch.text)], within: PreparedDatabase.limit)
    }

    @Test("A sound database has no fault, and is counted")
    func sound() throws {
        let report = try ReadOnlyPostgres.check(address: prepared.database.connection)
        #expect(report.faults == [])
        #expect(report.conversations == 2 && report.messages == 3)
    }

    /// Each damage, and the invariants that it breaks. Constraints that would prevent it are dropped first.
    private static let damages: [(sql: String, names: Set<String>)] = [
        ("ALTER TABLE store DROP CONSTRAINT store_epoch_check; UPDATE store SET epoch = 'NO'", ["epoch"]),
        ("DELETE FROM store", ["schema"]),
        ("ALTER TABLE store DROP CONSTRAINT store_cursor_key_check; UPDATE store SET cursor_key = 'x'", ["cursor-key"]),
        ("SELECT setval('position', 1024)", ["change-counter", "feed"]),
        ("UPDATE feed SET position = position + 1000000", ["feed"]),
        ("ALTER TABLE users DROP CONSTRAINT users_id_check; INSERT INTO users VALUES ('t', '')", ["ids"]),
        (
            "INSERT INTO messages VALUES ('t', 99, 1, 'a', 'text', 1, NULL, 1)",
            ["references"]
        ),
        (
            "DROP INDEX conversations_direct; UPDATE conversations SET direct_low = 'a', direct_high = 'b'",
            ["direct-pairs", "direct-participants", "schema"]
        ),
        (
            "DELETE FROM participants WHERE user_id = 'b'",
            ["participants", "direct-participants", "senders", "list-copies"]
        ),
        ("UPDATE participants SET read_up_to = 3 WHERE user_id = 'a'", ["read-markers"]),
        ("DELETE FROM messages WHERE n = 1 AND sender_id = 'a'", ["message-numbers"]),
        ("UPDATE messages SET sender_id = 'z' WHERE n = 2", ["senders"]),
        (
            "INSERT INTO messages SELECT tenant_id, conversation_key, 3, sender_id, content, 1, NULL, 3 FROM messages "
                + "WHERE sender_id = 'a'; UPDATE conversations SET last_n = 3 WHERE id = 'pair'",
            ["sender-counts"]
        ),
        (
            "DROP INDEX messages_client_message_id; UPDATE messages SET client_message_id = 'k', sender_id = 'a', "
                + "sender_n = n WHERE n = 2",
            ["client-message-ids", "schema"]
        ),
        ("UPDATE conversations SET activity = change, change = change + 5 WHERE id = 'pair'", ["list-order"]),
        ("UPDATE conversations SET activity = 5, change = 5", ["activity", "list-order"]),
        (
            "UPDATE participants SET list_activity = 5 WHERE user_id = 'a'", ["list-order"]
        ),
        ("UPDATE conversations SET activity_copies = 0", ["list-copies"]),
        (
            "INSERT INTO participants SELECT tenant_id, key, 'a', 0, 0 FROM conversations WHERE id = 'group'",
            ["long-lists", "large-conversations"]
        ),
        ("UPDATE conversations SET second_read_up_to = 1 WHERE id = 'group'", ["large-conversations"]),
        ("UPDATE conversations SET participant_count = NULL", ["large-conversations"]),
        ("UPDATE users SET renaming = 1", ["renamings"]),
        (
            "ALTER TABLE conversations DROP CONSTRAINT conversations_tenant_id_id_key; UPDATE conversations SET id = 'pair'",
            ["conversation-ids", "schema"]
        ),
        ("DROP FUNCTION trim_feed", ["schema"]),
    ]

    @Test("Each damage is found by the name of what it breaks", arguments: damages.indices)
    func damage(index: Int) throws {
        let damage = Self.damages[index]
        try prepared.database.run("SET search_path = postbox; \(damage.sql)")
        #expect(Set(try prepared.faults()) == damage.names, "\(damage.sql)")
    }

    @Test("Two entries of a list with the same change are found")
    func listChanges() throws {
        let other = try prepared.open("other", ["a", "c"]).key
        try prepared.database.run(
            """
            UPDATE postbox.conversations SET change = 999999 WHERE id IN ('pair', 'other');
            UPDATE postbox.participants SET list_change = 999999 WHERE list_change IS NOT NULL
                AND conversation_key IN (SELECT key FROM postbox.conversations WHERE id IN ('pair', 'other'))
            """)
        #expect(try Set(prepared.faults()) == ["list-changes", "change-counter"], "\(other)")
    }

    @Test("A fault says where it is, and never what somebody wrote")
    func sentence() throws {
        try prepared.database.run("UPDATE postbox.messages SET sender_id = 'z', content = 'secret' WHERE n = 2")
        let fault = try #require(ReadOnlyPostgres.check(address: prepared.database.connection).faults.first)
        #expect(fault.description.contains("conversation pair of tenant t"))
        #expect(!fault.description.contains("secret"))
    }
}
