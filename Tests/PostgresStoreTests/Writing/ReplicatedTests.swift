import Foundation
import Messaging
import TestSupport
import Testing

@testable import PostgresStore

/// A server with synchronous replication, and a standby that is there or not: `pg_receivewal` confirms what it has on disk, as one does.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ReplicatedTests {
    let server: PostgresServer
    let database: PostgresDatabase
    let folder: Folder

    init() throws {
        server = try PostgresServer(settings: [
            "wal_level": "replica", "max_wal_senders": "4", "synchronous_commit": "local",
        ])
        database = try PostgresDatabase(on: server)
        folder = try Folder()
    }

    private func startStandby() throws -> Process {
        let standby = Process()
        standby.executableURL = URL(fileURLWithPath: server.programs + "/pg_receivewal")
        standby.arguments = [
            "--synchronous", "-D", folder.path, "-d",
            "host=\(server.socketFolder) user=postbox application_name=standby",
        ]
        standby.standardError = FileHandle.nullDevice
        try standby.run()
        return standby
    }

    /// Kills it: threads of tasks may block other signals, and a child process inherits that.
    private func end(_ standby: Process) {
        kill(standby.processIdentifier, SIGKILL)
        standby.waitUntilExit()
    }

    private func setStandbys(_ names: String) throws {
        try server.run("ALTER SYSTEM SET synchronous_standby_names = '\(names)'")
        try server.run("SELECT pg_reload_conf()")
    }

    private func open() throws -> PostgresStore {
        try PostgresStore(address: database.connection, replicated: true)
    }

    @Test(
        "With a standby that confirms, writes are answered; without one they are refused in time, and nothing is lost")
    func standby() async throws {
        let (store, id) = try await openWithStandbyThatEnds()
        let start = ContinuousClock.now
        await #expect(throws: MessagingError.self) { try await store.send(draft(alice, to: .id(id), "two", key: "k")) }
        #expect((Duration.seconds(4)...Duration.seconds(30)).contains(ContinuousClock.now - start))
        #expect(await eventually { store.fault(of: .write) == .noStandby })
        #expect(await store.checkReadiness() == .noStandby)
        // What waits for the standby is not visible.
        #expect(try database.run("SELECT count(*) FROM postbox.messages") == "1")
        let second = try startStandby()
        defer { end(second) }
        #expect(await eventually { (try? await store.send(draft(alice, to: .id(id), "two", key: "k"))) != nil })
        #expect(try await store.allMessages(id).map(\.content) == ["one", "two"])
        #expect(await eventually { await store.checkReadiness() == nil })
    }

    /// A store whose writer was confirmed once, while there was a standby.
    private func openWithStandbyThatEnds() async throws -> (PostgresStore, ConversationID) {
        try setStandbys("standby")
        let standby = try startStandby()
        defer { end(standby) }
        let isThere = try await eventually {
            try server.run("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
        }
        #expect(isThere)
        let store = try open()
        return (store, try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id)
    }

    @Test(
        "The only server answers nothing from the end of its lease on where no standby confirms it, and goes on once one does"
    )
    func lease() async throws {
        let (store, id) = try await openWithStandbyThatEnds()
        // Another server could be promoted, and others may write there once this one's lease is over for certain.
        #expect(await eventually(within: .nanoseconds(Node.patience)) { !store.feedClock.mayAnswer })
        await #expect(throws: MessagingError.self) { try await store.conversation(.id(id), of: caller(alice)) }
        let second = try startStandby()
        defer { end(second) }
        #expect(await eventually { store.nodeStatistics.isAlone && store.feedClock.mayAnswer })
        #expect(try await store.conversation(.id(id), of: caller(alice))?.lastN == 1)
    }

    @Test("Where nobody names a standby, nothing is written, and nothing is answered")
    func noNames() async throws {
        let store = try open()
        #expect(!store.feedClock.mayAnswer)
        await #expect(throws: MessagingError.self) { try await store.latestChange(for: caller(alice)) }
        await #expect(throws: MessagingError.self) { try await store.send(draft(alice, to: .direct(with: bob))) }
        #expect(store.fault(of: .write) == .noStandby)
        #expect(try database.run("SELECT count(*) FROM postbox.messages") == "0")
    }

    @Test("To take the standby's name away while a write waits for it releases the write, and it is not acknowledged")
    func released() async throws {
        let (store, id) = try await openWithStandbyThatEnds()
        let sent = Task { try await store.send(draft(alice, to: .id(id), "two", key: "k")) }
        let isWaiting = try await eventually {
            try server.run("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") != "0"
        }
        #expect(isWaiting)
        try setStandbys("")
        await #expect(throws: MessagingError.self) { try await sent.value }
        #expect(store.fault(of: .write) == .noStandby)
    }

    @Test("To cancel a write that waits for its standby is not taken for a confirmation")
    func cancelled() async throws {
        let (store, id) = try await openWithStandbyThatEnds()
        let sent = Task { try await store.send(draft(alice, to: .id(id), "two", key: "k")) }
        let isCancelled = try await eventually {
            try server.run(
                "SELECT count(pg_cancel_backend(pid)) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "t"
        }
        #expect(isCancelled)
        await #expect(throws: MessagingError.self) { try await sent.value }
    }

    @Test(
        "A promotion goes on with the epoch only where every write was confirmed, and its server is told of none that was not"
    )
    func promotion() async throws {
        let (store, _) = try await openWithStandbyThatEnds()
        #expect(try database.run("SELECT is_replicated FROM postbox.store") == "t")
        #expect(store.serving.goesOn)
        let sent = Task { try await store.send(draft(alice, to: .direct(with: bob), "two", key: "k")) }
        let isWaiting = try await eventually {
            try server.run("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") != "0"
        }
        #expect(isWaiting)
        try setStandbys("")
        await #expect(throws: MessagingError.self) { try await sent.value }
        #expect(!store.serving.goesOn)
    }
}
