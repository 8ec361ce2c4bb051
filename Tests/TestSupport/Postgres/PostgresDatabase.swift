import Synchronization

/// An empty database of a test's own, dropped when it is released.
package final class PostgresDatabase: Sendable {
    private static let made = Atomic(0)

    /// The server that it is on.
    package let server: PostgresServer
    /// Its name.
    package let name: String

    /// Creates a database; blocks.
    ///
    /// - Throws: ``PostgresServer/Failure``.
    package init(on server: PostgresServer? = nil) throws {
        self.server = try server ?? PostgresServer.shared.get()
        name = "test\(Self.made.add(1, ordering: .relaxed).newValue)"
        try self.server.run("CREATE DATABASE \(name) TEMPLATE template0")
    }

    deinit { _ = try? server.run("DROP DATABASE \(name) WITH (FORCE)") }

    /// What a client connects with: `host=… dbname=… user=…`.
    package var connection: String { "host=\(server.socketFolder) dbname=\(name) user=postbox" }

    /// Runs SQL in it and returns its rows, unaligned and without headers; blocks.
    @discardableResult
    package func run(_ sql: String) throws -> String { try server.run(sql, in: name) }
}
