import Foundation
import Messaging
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Preparing a database through PgBouncer", .timeLimit(.minutes(2)))
struct PoolerTests {
    let database: PostgresDatabase

    init() throws {
        database = try PostgresDatabase()
    }

    @Test("In statement mode it is refused with the modes that work")
    func statementMode() throws {
        let pooler = try Pooler(before: database, mode: "statement")
        #expect(throws: PostgresStoreError.statementPooling) { _ = try PostgresStore(address: pooler.address) }
        #expect("\(PostgresStoreError.statementPooling)".contains("transaction or session mode"))
        #expect(try database.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'postbox'") == "0")
    }

    @Test("In transaction mode the schema is prepared, and an import and an export work")
    func transactionMode() throws {
        let pooler = try Pooler(before: database, mode: "transaction")
        let store = try PostgresStore(address: pooler.address)
        defer { store.close() }
        var random = Generator(seed: 11)
        let history = RandomHistory.records(&random)
        var rest = history[...]
        _ = try store.importRecords { rest.popFirst() }
        var exported = 0
        try ReadOnlyPostgres(address: pooler.address).export { _ in exported += 1 }
        #expect(exported > 100)
        #expect(try ReadOnlyPostgres.check(address: pooler.address).faults == [])
    }
}

/// A PgBouncer in front of one database, stopped when it is released.
private final class Pooler {
    private static let program = "/usr/sbin/pgbouncer"

    private let folder: Folder
    private let process = Process()
    let address: String

    init(before database: PostgresDatabase, mode: String) throws {
        try #require(FileManager.default.isExecutableFile(atPath: Self.program), "install pgbouncer")
        folder = try Folder()
        address = "host=\(folder.path) port=6432 user=postbox dbname=\(database.name)"
        let settings = """
            [databases]
            \(database.name) = host=\(database.server.socketFolder) user=postbox
            [pgbouncer]
            listen_addr =
            unix_socket_dir = \(folder.path)
            auth_type = any
            pool_mode = \(mode)
            """
        try settings.write(toFile: folder.path + "/settings", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
        // PgBouncer does not run as root.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let asUser = getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []
        process.arguments = asUser + [Self.program, "--quiet", folder.path + "/settings"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        while !FileManager.default.fileExists(atPath: folder.path + "/.s.PGSQL.6432"), process.isRunning {
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    deinit {
        // It has begun with the signals blocked that the thread of a test blocks.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}
