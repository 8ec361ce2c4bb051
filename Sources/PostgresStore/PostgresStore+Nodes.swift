import Messaging

extension PostgresStore {
    /// Figures of this process's place among the nodes; any thread may ask.
    public var nodeStatistics: NodeStatistics { membership.statistics }
}

/// A node as the database knows it, for people.
public struct NodeEntry: Sendable {
    /// What it calls itself: its process and its machine.
    public let name: String
    /// The version of its program; empty for a command of an operator.
    public let version: String
    /// When it joined, by the clock of the database server.
    public let joined: Timestamp
    /// D, in milliseconds: the greatest age of what it answers from memory.
    public let bound: Int
    /// The last row of the feed that its memory has; nil where it did not look yet.
    public let position: Int64?
    /// How many rows of the feed it did not have when it last said so, half a second ago at most.
    public let behind: Int
    /// How many milliseconds old its last look was then; nil where there was none. A node that nobody polls does not look.
    public let lookAge: Int64?
    /// Whether it takes itself to be the only one, and so does not look.
    public let isAlone: Bool
}

extension ReadOnlyPostgres {
    /// All nodes, the one that joined first at the beginning.
    ///
    /// - Throws: ``PostgresStoreError``.
    public func nodes() throws -> [NodeEntry] {
        try read { connection in
            let rows = try connection.run(NodeQuery.all, within: PostgresConnection.readLimit)
            return try (0..<rows.count).map { row in
                NodeEntry(
                    name: try rows.requiredText(row, 0), version: try rows.requiredText(row, 1),
                    joined: Timestamp(milliseconds: try rows.requiredInt8(row, 2)),
                    bound: Int(try rows.requiredInt4(row, 3)), position: try rows.int8(row, 4),
                    behind: Int(try rows.requiredInt8(row, 5)), lookAge: try rows.int8(row, 6),
                    isAlone: try rows.requiredBool(row, 7))
            }
        }
    }
}
