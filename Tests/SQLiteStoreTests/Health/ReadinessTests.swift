import Foundation
import GRDB
import Messaging
import StoreWork
import Synchronization
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Whether the store is ready", .timeLimit(.minutes(1)))
struct ReadinessTests {
    private final class Commits: Sendable {
        let count = Atomic(0)
    }

    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test("A store that works is ready, and being asked again and again writes once")
    func ready() async throws {
        let commits = Commits()
        let store = try SQLiteStore(path: folder.database, committed: { _ in commits.count.add(1, ordering: .relaxed) })
        let start = ContinuousClock.now
        for _ in 1...50 { #expect(await store.checkReadiness() == nil) }
        store.close()
        // On a busy machine the write may be too old before all have asked.
        let most = 1 + Int((ContinuousClock.now - start) / SQLiteStore.fresh)
        #expect((1...most).contains(commits.count.load(ordering: .relaxed)))
    }

    @Test("A store that reads is not taken to write: being asked, it tries to write")
    func triesToWrite() async throws {
        let store = try SQLiteStore(path: folder.database)
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
        #expect(await store.checkReadiness() == .readOnly)
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        while await store.checkReadiness() != nil { try await Task.sleep(for: .milliseconds(20)) }
        #expect(store.failures(of: .write, by: .readOnly) > 0)
    }

    @Test("A store that is not ready says why, and recovers even where nobody asks or writes")
    func recoversAlone() async throws {
        let store = try SQLiteStore(path: folder.database)
        // More than once where the machine is so busy that it has recovered before it is asked.
        repeat { store.health.failed(.write, StoreFailure(.diskFull)) } while await store.checkReadiness() != .diskFull
        // The writer thread sleeps until something comes.
        try await store.writer.perform { _ in }
        while store.fault(of: .write) != nil { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test("Neither a send nor its answer comes from a database that was deleted", arguments: ["", "-wal"])
    func deleted(suffix: String) async throws {
        let recorder = Recorder()
        let store = try SQLiteStore(path: folder.database, observer: recorder)
        let id = try store.open("c", alice, bob)
        _ = recorder.take()
        try FileManager.default.removeItem(atPath: folder.database + suffix)
        await #expect(throws: MessagingError.self) { try await store.send(draft(alice, to: .id(id))) }
        #expect(store.fault(of: .write) == .fileMissing)
        #expect(recorder.take().isEmpty)
        #expect(try await store.allMessages(id).isEmpty)
    }

    @Test("Readers are open from the start, so that none reads another file that has come into the place")
    func replaced() async throws {
        let other = try Folder()
        let otherStore = try SQLiteStore(path: other.database)
        try otherStore.open("other", alice, bob)
        otherStore.close()
        let store = try SQLiteStore(path: folder.database)
        try store.open("c", alice, bob)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.database + suffix) }
        try FileManager.default.copyItem(atPath: other.database, toPath: folder.database)
        let lists = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 1...40 {
                group.addTask { try await store.list(of: alice).conversations.map(\.conversation.id.text) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(lists) == [["c"]])
    }

    @Test("Closing leaves alone what has come into the place of its files")
    func closesWhatIsItsOwn() throws {
        let store = try SQLiteStore(path: folder.database)
        try store.open("c", alice, bob)
        for suffix in ["", "-wal", "-shm"] {
            let path = folder.database + suffix
            try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
            try Data("somebody else's".utf8).write(to: URL(fileURLWithPath: path))
        }
        store.close()
        for suffix in ["", "-wal", "-shm"] {
            let found = try Data(contentsOf: URL(fileURLWithPath: folder.database + suffix))
            #expect(found == Data("somebody else's".utf8))
        }
    }
}
