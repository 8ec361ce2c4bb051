import Messaging
import StoreWork
import TestSupport
import Testing

@testable import PostgresStore

struct BrokenConnectionTests {
    let database: PostgresDatabase
    let recorder = Recorder()
    let store: PostgresStore

    init() throws {
        database = try PostgresDatabase()
        store = try PostgresStore(address: database.connection, observer: recorder)
    }

    /// A transaction that holds the lock of all writes, until it is ended.
    private func holdLock() throws -> PostgresConnection {
        let connection = try PostgresConnection(PostgresAddress(database.connection), role: .maintenance)
        try connection.runScript("BEGIN", within: .seconds(5))
        try connection.run("SELECT pg_advisory_xact_lock(5794, 1)", within: .seconds(5))
        return connection
    }

    /// Ends the server's process that waits for the lock of all writes.
    private func terminateWriter() async throws {
        let isTerminated = try await eventually {
            try database.run(
                """
                SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity
                WHERE datname = '\(database.name)' AND wait_event = 'advisory'
                """) == "t"
        }
        #expect(isTerminated)
    }

    @Test("A write whose connection breaks is refused and not tried again, and memory answers no more without a look")
    func broken() async throws {
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        let lock = try holdLock()
        let sent = Task { [store] in try await store.send(draft(alice, to: .id(id), "two", key: "k")) }
        try await terminateWriter()
        await #expect(throws: MessagingError.self) { try await sent.value }
        try lock.run("ROLLBACK", within: .seconds(5))
        #expect(store.fault(of: .write) == .unreachable)
        #expect(store.feedClock.hasOtherNodes, "what became of it comes in a look")
        // The client's key settles it.
        let isBack = await eventually { (try? await store.send(draft(alice, to: .id(id), "two", key: "k"))) != nil }
        #expect(isBack)
        #expect(try await store.allMessages(id).map(\.content) == ["one", "two"])
    }

    @Test("The first write after a start leaves memory as it is, so that nobody who waits is sent away")
    func first() async throws {
        let resets = recorder.resets
        _ = try await store.send(draft(alice, to: .direct(with: bob), "one"))
        #expect(recorder.resets == resets)
    }

    @Test(
        "What a broken connection has sent, and the server has still to run, is refused once the store is connected anew"
    )
    func former() async throws {
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        #expect(!store.feedClock.hasOtherNodes)
        let former = store.membership.writer
        let lock = try holdLock()
        let sent = Task { [store] in try await store.send(draft(alice, to: .id(id), "two")) }
        try await terminateWriter()
        await #expect(throws: MessagingError.self) { try await sent.value }
        try lock.run("ROLLBACK", within: .seconds(5))
        #expect(await eventually { !store.feedClock.hasOtherNodes && store.membership.writer != former })
        // Its commit would not come to a memory that looks at the feed no more.
        let late = try PostgresConnection(PostgresAddress(database.connection), role: .writer)
        let calls = WriteCalls(
            late, epoch: store.epoch, writer: former, bounds: StoreBounds(), isReplicated: false)
        #expect(throws: PostgresError.self) { try calls.write([], [], FeedPayload([])) { _ in 0 } }
        let present = WriteCalls(
            late, epoch: store.epoch, writer: store.membership.writer, bounds: StoreBounds(), isReplicated: false)
        #expect(throws: Never.self) { try present.write([], [], FeedPayload([])) { _ in 0 } }
        #expect(try await store.send(draft(alice, to: .id(id), "three")).message.n == 2)
    }

    @Test("After the server has closed all connections, nothing is lost and nobody is refused")
    func idle() async throws {
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        try database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)' AND pid <> pg_backend_pid()"
        )
        #expect(try await store.conversation(.id(id), of: caller(alice))?.lastN == 1)
        #expect(try await store.send(draft(bob, to: .id(id), "two")).message.n == 2)
    }

    @Test("While nobody can connect, the store is not ready; afterwards it is, though nobody writes")
    func refused() async throws {
        try database.server.run("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS false")
        try database.server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
        #expect(await eventually { store.fault(of: .write) == .unreachable })
        #expect(await store.checkReadiness() == .unreachable)
        try database.server.run("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS true")
        #expect(await eventually(within: .seconds(40)) { await store.checkReadiness() == nil })
    }

    @Test("While another program holds the lock, a write is refused in time, and works again afterwards")
    func locked() async throws {
        let lock = try holdLock()
        let first = try draft(alice, to: .direct(with: bob))
        let sent = await elsewhere { [store] in try store.writer.performBlocking { .send(first, $0) } }
        #expect(throws: MessagingError.self) { try sent.result.get() }
        #expect(sent.time < .seconds(30))
        #expect(store.fault(of: .write) == .locked)
        try lock.run("ROLLBACK", within: .seconds(5))
        #expect(await eventually { (try? await store.send(draft(alice, to: .direct(with: bob)))) != nil })
        #expect(await eventually { await store.checkReadiness() == nil })
    }

    @Test("A command that the database refuses does not harm the others of its batch")
    func poison() async throws {
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        try database.run("ALTER TABLE postbox.messages ADD CHECK (content <> 'poison')")
        let lock = try holdLock()
        let results = await withTaskGroup(of: (String, Bool).self) { tasks in
            for text in ["a", "poison", "b", "c"] {
                tasks.addTask { [store] in
                    (text, (try? await store.send(draft(alice, to: .id(id), text))) != nil)
                }
            }
            _ = try? await Task.sleep(for: .milliseconds(300))
            _ = try? lock.run("ROLLBACK", within: .seconds(5))
            return await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(results == ["a": true, "poison": false, "b": true, "c": true])
        #expect(try await store.allMessages(id).map(\.n) == [1, 2, 3, 4])
    }
}
