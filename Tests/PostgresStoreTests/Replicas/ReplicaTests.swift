import Foundation
import Glibc
import Messaging
import Synchronization
import TestSupport
import Testing

@testable import PostgresStore

/// A primary with a standby, and a store that may read older pages from the standby.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ReplicaTests {
    let primary: PostgresServer
    let database: PostgresDatabase
    let standby: PostgresServer
    let transitions = Transitions()

    init() throws {
        primary = try PostgresServer(settings: ["wal_level": "replica", "max_wal_senders": "4"])
        database = try PostgresDatabase(on: primary)
        standby = try PostgresServer(standbyOf: primary)
    }

    private func address(on server: PostgresServer) throws -> PostgresAddress {
        try PostgresAddress("host=\(server.socketFolder) dbname=\(database.name) user=postbox")
    }

    private func open(_ servers: [PostgresServer]? = nil) throws -> PostgresStore {
        try PostgresStore(
            address: database.connection, readReplicas: try (servers ?? [standby]).map(address(on:)),
            replicaChanged: transitions.add)
    }

    /// A conversation of alice and bob with this many messages.
    private func talk(_ count: Int, _ store: PostgresStore) async throws -> Conversation {
        var id: ConversationID?
        for n in 1...count {
            id = try await store.send(
                draft(n % 2 == 0 ? bob : alice, to: id.map { .id($0) } ?? .direct(with: bob), "text \(n)")
            ).conversation.id
        }
        return try await state(of: #require(id), store)
    }

    private func state(of id: ConversationID, _ store: PostgresStore) async throws -> Conversation {
        try #require(try await store.conversation(.id(id), of: caller(alice)))
    }

    private func setReplay(_ isOn: Bool) throws {
        try standby.run("SELECT pg_wal_replay_\(isOn ? "resume" : "pause")()")
    }

    private func bounds(_ count: Int, bytes: Int = .max) -> PageBounds {
        PageBounds(count: count, bytes: bytes, kept: .newest)
    }

    /// The page from the standby once it comes from there; nil where it does not for so long that the standby was certainly asked.
    private func page(
        _ numbers: ClosedRange<Int64>, of conversation: Conversation, _ store: PostgresStore, bytes: Int = .max,
        comes: Bool = true
    ) async -> PackedMessages? {
        let bounds = bounds(numbers.count, bytes: bytes)
        var found: PackedMessages?
        await eventually(within: comes ? .seconds(20) : .seconds(2)) {
            found = await store.messagesFromReplica(in: conversation, of: .none, numbers, bounds) { $0 }
            return found != nil
        }
        return found
    }

    private func misses(_ miss: ReplicaMiss, _ store: PostgresStore) -> Int {
        store.replicaStatistics.misses[miss] ?? 0
    }

    @Test("Older pages come from the standby as the primary has them, also where bytes limit them")
    func pages() async throws {
        let store = try open()
        let talk = try await talk(30, store)
        for bytes in [Int.max, 40, 1] {
            let found = await page(11...20, of: talk, store, bytes: bytes)
            let same = try await store.messages(
                in: talk, of: .none, [MessageSlice(11...20)], bounds(10, bytes: bytes)
            ) { $0 }
            #expect(try #require(found) == same)
        }
        #expect(store.replicaStatistics.pages == 3)
        #expect(store.replicaStatistics.replicas.map(\.isUp) == [true])
    }

    @Test("A page of which the standby lacks a message is not answered with what it has")
    func missing() async throws {
        let store = try open()
        let talk = try await talk(20, store)
        #expect(await page(11...20, of: talk, store) != nil)
        try setReplay(false)
        _ = try await store.send(draft(alice, to: .id(talk.id), "text 21"))
        let now = try await state(of: talk.id, store)
        #expect(await page(12...21, of: now, store, comes: false) == nil)
        #expect(misses(.behind, store) > 0)
        // What it has never changes.
        #expect(await page(11...20, of: now, store)?.count == 10)
        try setReplay(true)
        #expect(await page(12...21, of: now, store)?.lastNumber == 21)
    }

    @Test("What was erased or pruned is not shown, however far behind the standby is")
    func removed() async throws {
        let store = try open()
        let talk = try await talk(20, store)
        #expect(await page(1...10, of: talk, store) != nil)
        try setReplay(false)
        let commands = try PostgresStore(address: database.connection)
        defer { commands.close() }
        #expect(try commands.erase(MessageID(conversation: talk.id, n: 5), tenant: .none) == true)
        let erased = try await state(of: talk.id, store)
        #expect(erased.revision == talk.revision + 1)
        #expect(await page(1...10, of: erased, store, comes: false) == nil)
        try setReplay(true)
        #expect(try #require(await page(1...10, of: erased, store))[4].content == "")

        try setReplay(false)
        try database.run(
            "UPDATE postbox.messages SET sent_at_ms = 0 WHERE n <= 3; UPDATE postbox.messages SET sent_at_ms = 9 WHERE n > 3"
        )
        #expect(try commands.prune(.conversations([talk.id], .none), before: Timestamp(milliseconds: 5)).removed == 3)
        let pruned = try await state(of: talk.id, store)
        #expect(pruned.prunedUpTo == 3)
        #expect(await page(4...10, of: pruned, store, comes: false) == nil)
        try setReplay(true)
        #expect(await page(4...10, of: pruned, store)?.count == 7)
    }

    @Test("A standby that has not replayed the present epoch is not read from")
    func epoch() async throws {
        let store = try open()
        let talk = try await talk(20, store)
        #expect(await page(1...10, of: talk, store) != nil)
        try setReplay(false)
        let epoch = try RestoredPostgres(address: database.connection).beginEpoch()
        #expect(await eventually { store.epoch == epoch })
        #expect(await page(1...10, of: talk, store, comes: false) == nil)
        #expect(misses(.otherDatabase, store) > 0)
        try setReplay(true)
        #expect(await page(1...10, of: talk, store) != nil)
    }

    @Test("A server that is no standby, or a copy that became a primary, is not read from")
    func noStandby() async throws {
        let store = try open([primary])
        let talk = try await talk(20, store)
        #expect(await page(1...10, of: talk, store, comes: false) == nil)
        #expect(misses(.otherDatabase, store) > 0)
        store.close()
        let other = try open()
        #expect(await page(1...10, of: talk, other) != nil)
        try standby.run("SELECT pg_promote()")
        #expect(await page(1...10, of: talk, other, comes: false) == nil)
        #expect(misses(.otherDatabase, other) > 0)
    }

    @Test("A standby that hangs costs one page half a second, and another connection serves the next")
    func hangs() async throws {
        let store = try open()
        let talk = try await talk(20, store)
        #expect(await page(1...10, of: talk, store) != nil)
        let processes = try standby.run("SELECT pid FROM pg_stat_activity WHERE application_name = 'postbox'")
        let pids = processes.split(separator: "\n").compactMap { pid_t($0) }
        #expect(!pids.isEmpty)
        for pid in pids { kill(pid, SIGSTOP) }
        defer { for pid in pids { kill(pid, SIGCONT) } }
        let start = ContinuousClock.now
        let found = await store.messagesFromReplica(in: talk, of: .none, 1...10, bounds(10)) { $0 }
        #expect(found == nil)
        #expect((ReadReplica.limit...(.seconds(20))).contains(ContinuousClock.now - start))
        #expect(misses(.slow, store) == 1)
        // Another connection works.
        #expect(await page(1...10, of: talk, store) != nil)
    }

    @Test("A standby that is away makes no page wait; the others are read from, and its end is reported once")
    func away() async throws {
        var second: PostgresServer? = try PostgresServer(standbyOf: primary)
        let store = try open([standby, try #require(second)])
        let talk = try await talk(20, store)
        let end = try primary.run("SELECT pg_current_wal_lsn()")
        for server in [standby, second] {
            #expect(try await eventually { try server?.run("SELECT pg_last_wal_replay_lsn() >= '\(end)'") == "t" })
        }
        #expect(await eventually { store.replicaStatistics.replicas.allSatisfy(\.isUp) })
        let folder = try #require(second?.socketFolder)
        second = nil
        #expect(await eventually { !FileManager.default.fileExists(atPath: folder) })
        var fromOther = 0
        for _ in 1...50 {
            let start = ContinuousClock.now
            if await store.messagesFromReplica(in: talk, of: .none, 1...10, bounds(10), make: { $0 }) != nil {
                fromOther += 1
            }
            #expect(ContinuousClock.now - start < .seconds(20))
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(fromOther >= 10)
        #expect(await eventually { store.replicaStatistics.replicas.map(\.isUp) == [true, false] })
        #expect(transitions.all.map(\.miss) == [.unreachable])
    }
}

/// Collects what a store reports of its replicas.
final class Transitions: Sendable {
    private let found = Mutex<[ReplicaTransition]>([])

    var all: [ReplicaTransition] { found.withLock { $0 } }

    func add(_ transition: ReplicaTransition) { found.withLock { $0.append(transition) } }
}
