import Foundation
import Messaging

/// A database that was restored; servers may run meanwhile.
public final class RestoredPostgres {
    private let address: PostgresAddress

    /// Connects to the database, which must have the present schema; blocks.
    ///
    /// - Throws: ``PostgresStoreError``.
    public init(address: String) throws(PostgresStoreError) {
        self.address = try Schema.translating {
            let address = try PostgresAddress(address)
            try Schema.requirePresent(PostgresConnection(address, role: .maintenance))
            return address
        }
    }

    /// Begins a new epoch, so that every client fetches everything again: for those who have put back a copy of the database that the
    /// server cannot tell from the original. Each node empties its memory.
    ///
    /// - Parameter random: the source of the new epoch.
    /// - Returns: the new epoch.
    /// - Throws: ``PostgresStoreError``.
    @discardableResult
    public func beginEpoch(random: UInt64 = .random(in: .min ... .max)) throws -> Epoch {
        do {
            let connection = try PostgresConnection(address, role: .maintenance)
            let node = Node(version: "", bound: .zero)
            let writer = try node.join(connection)
            defer { try? node.leave(connection) }
            try node.waitUntilKnown(connection)
            let epoch = Epoch(random: random)
            var others: Int32 = 0
            // What was committed is seen by everybody when this returns.
            defer { Thread.sleep(forTimeInterval: Double(others) / 1000) }
            try connection.transaction(within: PostgresConnection.readLimit) {
                others = try Self.begin(connection, as: writer)
                try connection.run("SELECT postbox.begin_epoch($1)", [.text(epoch.text)], within: nil)
            }
            return epoch
        } catch let error as PostgresError {
            throw PostgresStoreError.connection(error)
        }
    }

    /// Takes the lock of all writes, for the rest of a transaction that has just begun; returns the greatest D of the other nodes in
    /// milliseconds, 0 where there are none.
    ///
    /// - Throws: ``PostgresError``.
    private static func begin(_ connection: PostgresConnection, as writer: Int64) throws(PostgresError) -> Int32 {
        let limit = PostgresConnection.readLimit
        try connection.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", within: limit)
        let epoch = try connection.lookUpHistory().epoch
        try connection.run("SELECT postbox.begin_write($1, $2)", [.text(epoch.text), .int8(writer)], within: limit)
        return try connection.run("SELECT postbox.other_bound($1)", [.int8(writer)], within: limit).int4(0, 0) ?? 0
    }
}
