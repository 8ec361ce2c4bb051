import Foundation
import Messaging
import StoreWork
import TestSupport
import Testing

@testable import PostgresStore

struct LeaseTests {
    let database: PostgresDatabase

    init() throws { database = try PostgresDatabase() }

    @Test("A second process is refused while the first one serves, with its name and since when, and let in afterwards")
    func second() async throws {
        let first = try PostgresStore(address: database.connection)
        let second = await elsewhere { [database] in try PostgresStore(address: database.connection) }
        let error = #expect(throws: PostgresStoreError.self) { try second.result.get() }
        guard case .inUse(let name, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name.contains("process "))
        #expect(second.time < .seconds(20))
        _ = try await first.send(draft(alice, to: .direct(with: bob), "one"))
        first.close()
        let third = try PostgresStore(address: database.connection)
        #expect(try await third.latestChange(for: caller(alice)) > 0)
    }

    @Test("A process that was killed keeps the next one waiting for a few seconds only")
    func killed() async throws {
        let connection = try PostgresConnection(PostgresAddress(database.connection), role: .maintenance)
        try Schema.prepare(connection, epoch: Epoch(random: 1), cursorKey: .random())
        #expect(try Lease(process: 1, name: "a killed process").take(connection) == nil)
        let start = await elsewhere { [database] in try PostgresStore(address: database.connection) }
        _ = try start.result.get()
        #expect((Duration.seconds(5)...Duration.seconds(20)).contains(start.time))
    }

    @Test("A process that was killed on this machine keeps nobody waiting", .timeLimit(.minutes(5)))
    func killedHere() async throws {
        let ended = Process()
        ended.executableURL = URL(fileURLWithPath: "/bin/true")
        try ended.run()
        #expect(!LocalProcess.hasEnded(LocalProcess.newStore()))
        ended.waitUntilExit()
        let number = LocalProcess.number(of: ended.processIdentifier)
        #expect(LocalProcess.hasEnded(number))
        #expect(!LocalProcess.hasEnded(number ^ 1 << 40), "it is of another machine")
        let connection = try PostgresConnection(PostgresAddress(database.connection), role: .maintenance)
        try Schema.prepare(connection, epoch: Epoch(random: 1), cursorKey: .random())
        #expect(try Lease(process: number, name: "a killed process").take(connection) == nil)
        try database.run("UPDATE postbox.lease SET until = clock_timestamp() + interval '1 hour'")
        let started = await elsewhere { [database] in try PostgresStore(address: database.connection) }
        #expect(try started.result.get().serving.hasLease)
    }

    @Test("Once the writer has another connection, what the former one has sent is refused")
    func formerConnection() throws {
        let connection = try PostgresConnection(PostgresAddress(database.connection), role: .maintenance)
        try Schema.prepare(connection, epoch: Epoch(random: 1), cursorKey: .random())
        let epoch = try connection.lookUpEpoch(random: Epoch(random: 2))
        let lease = Lease(process: -1, name: "a process")
        #expect(try lease.take(connection) == nil)
        func calls() -> WriteCalls {
            WriteCalls(connection, epoch: epoch, holder: lease.holder, bounds: StoreBounds(), isReplicated: false)
        }
        let former = calls()
        _ = try former.write([], []) { _ in 0 }
        #expect(try lease.take(connection) == nil)
        #expect { try former.write([], []) { _ in 0 } } throws: { ($0 as? PostgresError)?.sqlState == "PB002" }
        _ = try calls().write([], []) { _ in 0 }
        #expect(try lease.renew(connection, random: epoch).isOurs)
        #expect(try Lease(process: 2, name: "another").take(connection)?.name == "a process")
        try lease.release(connection)
        #expect { try calls().write([], []) { _ in 0 } } throws: { ($0 as? PostgresError)?.sqlState == "PB002" }
    }

    @Test("A process whose lease is another's neither writes nor reads, and forgets what it showed")
    func lost() async throws {
        let recorder = Recorder()
        let store = try PostgresStore(address: database.connection, observer: recorder)
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        let resets = recorder.resets
        try database.run(
            "UPDATE postbox.lease SET holder = 7, name = 'another', until = clock_timestamp() + interval '1 hour'")
        await #expect(throws: MessagingError.self) { try await store.send(draft(alice, to: .id(id), "two")) }
        #expect(store.fault(of: .write) == .inUse)
        #expect(recorder.resets > resets)
        await #expect(throws: MessagingError.self) { try await store.conversation(.id(id), of: caller(alice)) }
        #expect(await store.checkReadiness() == .inUse)
        // The other process ends.
        try database.run("UPDATE postbox.lease SET until = clock_timestamp() - interval '1 second'")
        #expect(await eventually { (try? await store.send(draft(alice, to: .id(id), "two"))) != nil })
        #expect(try await store.allMessages(id).map(\.content) == ["one", "two"])
    }

    @Test("A new epoch in the database becomes the store's, and memory forgets what it showed")
    func epoch() async throws {
        let recorder = Recorder()
        let store = try PostgresStore(address: database.connection, observer: recorder)
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        let (before, resets) = (store.epoch, recorder.resets)
        try database.run("UPDATE postbox.store SET epoch = 'fresh'")
        // The write finds it out, and is refused; or the keeper does, before it.
        _ = try? await store.send(draft(alice, to: .id(id), "two", key: "k"))
        #expect(await eventually { store.epoch.text == "fresh" })
        #expect(before.text != "fresh" && recorder.resets > resets)
        #expect(await eventually { (try? await store.send(draft(alice, to: .id(id), "two", key: "k"))) != nil })
        #expect(try await store.conversation(.id(id), of: caller(alice))?.lastN == 2)
    }

    @Test("Without a write, the store finds a new epoch within seconds")
    func idleEpoch() async throws {
        let store = try PostgresStore(address: database.connection)
        try database.run("UPDATE postbox.store SET epoch = 'fresh'")
        #expect(await eventually { store.epoch.text == "fresh" })
    }
}
