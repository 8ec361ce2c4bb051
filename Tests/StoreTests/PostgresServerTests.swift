import Foundation
import StoreTestSupport
import TestSupport
import Testing

@Suite(
    "The PostgreSQL server of the tests", .enabled(if: StoreKind.tested.contains(.postgres)), .timeLimit(.minutes(2)))
struct PostgresServerTests {
    @Test("A server that is released stops and leaves nothing behind, as one whose tests were killed")
    func stops() async throws {
        var server: PostgresServer? = try PostgresServer(settings: ["max_connections": "10"])
        let folder = try #require(server?.socketFolder)
        #expect(try server?.run("SHOW max_connections") == "10")
        let postmaster = try String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
        let pid = try #require(pid_t(postmaster.prefix { $0 != "\n" }))
        server = nil
        while FileManager.default.fileExists(atPath: folder) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(kill(pid, 0) != 0, "the server runs on")
    }

    @Test("Each database is a test's own, and gone when it is released")
    func databases() throws {
        var one: PostgresDatabase? = try PostgresDatabase()
        let two = try PostgresDatabase()
        try one?.run("CREATE TABLE t (a int)")
        #expect(try two.run("SELECT count(*) FROM pg_tables WHERE tablename = 't'") == "0")
        #expect(throws: PostgresServer.Failure.self) { try two.run("SELECT * FROM t") }
        let name = try #require(one?.name)
        one = nil
        #expect(try two.run("SELECT count(*) FROM pg_database WHERE datname = '\(name)'") == "0")
    }
}
