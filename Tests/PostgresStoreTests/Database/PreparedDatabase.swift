import Messaging
import TestSupport

@testable import PostgresStore

/// A database with the schema, and a connection that may write to it.
struct PreparedDatabase {
    let database: PostgresDatabase
    let connection: PostgresConnection
    static let epoch = Epoch(random: 1)
    static let node: Int64 = 7
    static let limit = Duration.seconds(60)

    /// - Parameter isServed: whether a node has joined.
    init(isServed: Bool = true) throws {
        database = try PostgresDatabase()
        connection = try Self.connect(to: database)
        try Schema.prepare(connection, epoch: Self.epoch, cursorKey: CursorKey(random: 1, 2))
        if isServed { try join() }
    }

    static func connect(
        to database: PostgresDatabase, _ role: PostgresConnection.Role = .maintenance
    ) throws -> PostgresConnection {
        try PostgresConnection(PostgresAddress(database.connection), role: role)
    }

    /// Enters a node, which writes under the number that is its id.
    func join(_ node: Int64 = Self.node, bound: Int32 = 30) throws {
        try connection.run(
            NodeQuery.join,
            [.int8(node), .int8(node), .text("test"), .text("1.0"), .int4(bound), .bool(false)], within: Self.limit)
    }

    func leave(_ node: Int64 = Self.node) throws {
        try connection.run(NodeQuery.remove, [.int8(node), .int8(nil)], within: Self.limit)
    }

    /// Opens a conversation in the tenant `t`; returns the row.
    func open(
        _ id: String, _ users: [String], direct: Bool = false, node: Int64 = Self.node, epoch: Epoch = Self.epoch,
        on other: PostgresConnection? = nil
    ) throws -> (base: Int64?, key: Int64, id: String, state: Int32) {
        let rows = try (other ?? connection).run(
            ConversationQuery.open,
            [
                .text(epoch.text), .int8(node), .text("t"), .text(id), .textArray(users), .bool(direct), .int8(1),
                .bytes([]),
            ], within: Self.limit)
        return (
            try rows.int8(0, 0), try rows.requiredInt8(0, 1), try rows.requiredText(0, 2), try rows.requiredInt4(0, 3)
        )
    }

    /// A message to write.
    struct Draft {
        var key: Int64
        var sender: String
        var content = "Hello!"
        var clientID: String?
        var at: Int64 = 1
    }

    /// A read marker to move.
    struct Marker {
        var key: Int64
        var user: String
        var upTo: Int64?
    }

    /// What a batch did.
    struct Written {
        let base: Int64
        let ns: [Int64]
        let states: [Int32]
        let marks: [Int64]
        let unread: [Int64]
    }

    @discardableResult
    func write(
        _ drafts: [Draft], _ markers: [Marker] = [], node: Int64 = Self.node, epoch: Epoch = Self.epoch,
        on other: PostgresConnection? = nil
    ) throws -> Written {
        let rows = try (other ?? connection).run(
            MessageQuery.write,
            [
                .text(epoch.text), .int8(node), .textArray(drafts.map { _ in "t" }), .int8Array(drafts.map(\.key)),
                .textArray(drafts.map(\.sender)), .textArray(drafts.map(\.content)),
                .textArray(drafts.map(\.clientID)), .int8Array(drafts.map(\.at)),
                .textArray(markers.map { _ in "t" }), .int8Array(markers.map(\.key)), .textArray(markers.map(\.user)),
                .int8Array(markers.map(\.upTo)), .bytes([]),
            ], within: Self.limit)
        return Written(
            base: try rows.requiredInt8(0, 0), ns: try rows.int8Array(0, 1), states: try rows.int4Array(0, 2),
            marks: try rows.int8Array(0, 4), unread: try rows.int8Array(0, 5))
    }

    /// The names of the invariants that do not hold.
    func faults() throws -> [String] {
        try ReadOnlyPostgres.check(address: database.connection).faults.map(\.invariant)
    }
}
