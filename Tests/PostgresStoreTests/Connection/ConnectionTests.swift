import Foundation
import Messaging
import TestSupport
import Testing

@testable import PostgresStore

struct ConnectionTests {
    let database: PostgresDatabase

    init() throws { database = try PostgresDatabase() }

    private func connect(
        _ role: PostgresConnection.Role = .maintenance, interrupt: PostgresInterrupt? = nil
    ) throws -> PostgresConnection {
        try PostgresConnection(PostgresAddress(database.connection), role: role, interrupt: interrupt)
    }

    @Test("A statement that takes too long ends the connection, in time")
    func deadline() throws {
        let connection = try connect()
        let start = ContinuousClock.now
        #expect(throws: PostgresError.timedOut) {
            try connection.run("SELECT pg_sleep(30)", within: .milliseconds(200))
        }
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(connection.isBroken)
        #expect(throws: PostgresError.self) { try connection.run("SELECT 1", within: .seconds(5)) }
    }

    @Test("Another thread ends a wait that has no limit")
    func interrupting() throws {
        let interrupt = PostgresInterrupt()
        let connection = try connect(interrupt: interrupt)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.1)
            interrupt.raise()
        }
        #expect(throws: PostgresError.interrupted) { try connection.run("SELECT pg_sleep(30)", within: nil) }
    }

    @Test("A refused statement has its SQLSTATE, and the connection goes on")
    func refusals() throws {
        let connection = try connect()
        for (statement, sqlState) in [
            ("SELECT 1 / 0", "22012"), ("SELECT * FROM nowhere", "42P01"), ("SELEC", "42601"),
            ("DO $$ BEGIN RAISE 'no' USING ERRCODE = 'PB001'; END $$", "PB001"),
        ] {
            do throws(PostgresError) {
                try connection.run(statement, within: .seconds(5))
                Issue.record("\(statement) succeeded")
            } catch {
                #expect(error.sqlState == sqlState)
            }
        }
        #expect(try connection.run("SELECT 1", within: .seconds(5)).requiredInt4(0, 0) == 1)
    }

    @Test("A connection that the server has closed is noticed before a statement is sent")
    func closed() async throws {
        let connection = try connect()
        #expect(connection.isUsable())
        let process = try #require(connection.serverProcess)
        try database.run("SELECT pg_terminate_backend(\(process))")
        #expect(await eventually { !connection.isUsable() })
    }

    @Test("A connection that breaks while a statement runs is unreachable, and nobody knows what happened")
    func broken() throws {
        let connection = try connect()
        let process = try #require(connection.serverProcess)
        let killing =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = \(process) AND query LIKE '%sleep%'"
        // On a thread of its own, for the test blocks this one.
        Thread.detachNewThread { [database] in
            while (try? database.run(killing)) != "t" { Thread.sleep(forTimeInterval: 0.02) }
        }
        do throws(PostgresError) {
            try connection.run("SELECT pg_sleep(20)", within: .seconds(30))
            Issue.record("the statement succeeded")
        } catch {
            #expect(error.fault == .unreachable && !error.isCertainlyUndone)
        }
        #expect(!connection.isUsable())
    }

    @Test("Statements are prepared once, and run again after another program has dropped them")
    func prepared() throws {
        let connection = try connect()
        for number in 1...3 {
            let rows = try connection.runOften("SELECT $1 + 1", [.int8(Int64(number))], within: .seconds(5))
            #expect(try rows.int8(0, 0) == Int64(number) + 1)
        }
        #expect(try connection.run("SELECT count(*) FROM pg_prepared_statements", within: .seconds(5)).int8(0, 0) == 1)
        try connection.runScript("DEALLOCATE ALL", within: .seconds(5))
        #expect(try connection.runOften("SELECT $1 + 1", [.int8(7)], within: .seconds(5)).int8(0, 0) == 8)
    }

    @Test("A writer's commits are durable whatever the role says, and a reader's statements are bounded")
    func settings() throws {
        func setting(_ name: String, _ role: PostgresConnection.Role) throws -> String? {
            try connect(role).run("SELECT current_setting($1)", [.text(name)], within: .seconds(5)).text(0, 0)
        }
        try database.run("ALTER ROLE postbox IN DATABASE \(database.name) SET synchronous_commit = off")
        #expect(try setting("synchronous_commit", .writer) == "on")
        #expect(try setting("statement_timeout", .writer) == "0")
        #expect(try setting("statement_timeout", .reader) == "5s")
        #expect(try setting("jit", .reader) == "off")
        #expect(try setting("client_encoding", .reader) == "UTF8")
        #expect(try setting("application_name", .reader) == "postbox")
        try database.run("ALTER ROLE postbox IN DATABASE \(database.name) SET synchronous_commit = remote_apply")
        #expect(try setting("synchronous_commit", .writer) == "remote_apply")
    }

    @Test("Several statements are one transaction, and a warning is counted")
    func scripts() throws {
        let connection = try connect()
        #expect(throws: PostgresError.self) {
            try connection.runScript("CREATE TABLE a (b int); SELECT 1 / 0", within: .seconds(5))
        }
        #expect(try connection.run("SELECT to_regclass('a')::text", within: .seconds(5)).text(0, 0) == nil)
        #expect(connection.warnings == 0)
        try connection.runScript(
            "DO $$ BEGIN RAISE WARNING 'careful'; RAISE NOTICE 'well'; END $$", within: .seconds(5))
        #expect(connection.warnings == 1)
    }

    @Test("Large parameters and results go through while both sides send")
    func large() throws {
        let text = String(repeating: "ü", count: 4 << 20)
        let rows = try connect().run("SELECT $1 || $1", [.text(text)], within: .seconds(20))
        #expect(try rows.requiredBytes(0, 0).count == 4 * (4 << 20))
    }
}
