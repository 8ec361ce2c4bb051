import Dispatch
import GRDB
import Messaging
import Synchronization
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

struct WriterTests {
    /// Sees whether a sender's answer came before the observer knew.
    private final class SlowObserver: CommitObserver {
        let told = Atomic(0)

        func committed(_ commits: [Commit]) {
            pause()
            told.add(commits.count, ordering: .sequentiallyConsistent)
        }

        func reset() {}

        private func pause() {
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(20))
        }
    }

    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// Holds the writer thread inside a command until the returned closure is called.
    private func hold(_ store: SQLiteStore) -> @Sendable () -> Void {
        let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        store.writer.submit { _ in
            started.signal()
            gate.wait()
        } answer: { _ in
        }
        started.wait()
        return { gate.signal() }
    }

    @Test("The observer knows before the sender is answered")
    func observerFirst() async throws {
        let observer = SlowObserver()
        let store = try SQLiteStore(path: folder.database, observer: observer)
        let id = try store.open("c", alice, bob)
        #expect(observer.told.load(ordering: .sequentiallyConsistent) == 1)
        for count in 2...5 {
            _ = try await store.send(draft(alice, to: .id(id)))
            #expect(observer.told.load(ordering: .sequentiallyConsistent) == count)
        }
    }

    @Test("Writes that take long are committed a few at a time, and all are answered, in their order")
    func longBatch() async throws {
        let sizes = Mutex<[Int]>([])
        let store = try SQLiteStore(
            path: folder.database, committed: { commit in sizes.withLock { $0.append(commit.writes) } })
        let release = hold(store)
        let answered = Mutex<[Int]>([])
        for index in 1...8 {
            store.writer.submit { _ in
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(15))
            } answer: { _ in
                answered.withLock { $0.append(index) }
            }
        }
        release()
        try await store.writer.perform { _ in }
        #expect(answered.withLock { $0 } == Array(1...8))
        #expect(sizes.withLock { $0.max() ?? 0 } <= 3)
    }

    @Test("A batch with refused commands stores the others, in order and without gaps")
    func refusedAmongOthers() async throws {
        let recorder = Recorder()
        let store = try SQLiteStore(path: folder.database, observer: recorder)
        let id = try store.open("c", alice, bob)
        try store.open("taken", bob, carol)
        _ = recorder.take()
        let release = hold(store)
        let results = Mutex<[Result<Int64, MessagingError>]>([])
        for index in 1...30 {
            let draft =
                switch index % 3 {
                case 0: try draft(carol, to: .id(id))
                case 1: try draft(alice, to: .direct(with: carol), new: "taken")
                default: try draft(alice, to: .id(id), "\(index)")
                }
            store.writer.submit {
                try $0.send(draft).message.n
            } answer: { result in
                results.withLock { $0.append(result) }
            }
        }
        release()
        try await store.writer.perform { _ in }
        let outcome = results.withLock { $0 }
        #expect(outcome.compactMap { try? $0.get() } == Array(1...10))
        #expect(outcome.filter { $0 == .failure(.conversationNotFound) }.count == 10)
        let changes = recorder.take().map { $0.listChanges[0].change }
        #expect(changes == Array(3...12), "refused commands must give their change numbers back")
        #expect(try await store.list(of: carol).conversations.map(\.conversation.id.text) == ["taken"])
    }

    @Test(
        "A transaction that fails as a whole refuses every command, tells nobody, and the next one works",
        .timeLimit(.minutes(1)))
    func failedTransaction() async throws {
        let recorder = Recorder()
        let store = try SQLiteStore(path: folder.database, observer: recorder)
        let id = try store.open("c", alice, bob)
        _ = recorder.take()
        let release = hold(store)
        let refused = Mutex(0)
        let lost = try draft(alice, to: .id(id), "lost")
        let count: @Sendable (Result<Void, MessagingError>) -> Void = { result in
            if case .failure(.storeUnavailable) = result { refused.withLock { $0 += 1 } }
        }
        store.writer.submit({ _ = try $0.send(lost) }, answer: count)
        store.writer.submit(
            { _ in throw DatabaseError(resultCode: .SQLITE_FULL, message: "no room") }, answer: count)
        release()
        while refused.withLock({ $0 }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(recorder.take().isEmpty)
        let next = try await store.send(draft(alice, to: .id(id), "kept"))
        #expect(next.message.n == 1)
        #expect(recorder.take().map { $0.listChanges[0].change } == [2])
    }

    @Test("A full disk refuses writes until there is room again")
    func fullDisk() async throws {
        let store = try SQLiteStore(path: folder.database)
        let id = try store.open("c", alice, bob)
        let large = String(repeating: "x", count: 16_000)
        try await store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 8)")
        }
        var stored = 0
        await #expect(throws: MessagingError.self) {
            while stored < 100 {
                _ = try await store.send(draft(alice, to: .id(id), large))
                stored += 1
            }
        }
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
        #expect(try await store.send(draft(alice, to: .id(id), large)).message.n == Int64(stored) + 1)
        #expect(try await store.allMessages(id).count == stored + 1)
    }

    @Test("A full queue refuses at once and takes nothing")
    func overloaded() async throws {
        let store = try SQLiteStore(path: folder.database, queueLimit: 3)
        let id = try store.open("c", alice, bob)
        let release = hold(store)
        let answered = Mutex(0)
        for _ in 0..<3 {
            let draft = try draft(alice, to: .id(id))
            store.writer.submit {
                try $0.send(draft)
            } answer: { _ in
                answered.withLock { $0 += 1 }
            }
        }
        await #expect(throws: MessagingError.overloaded) { try await store.send(draft(alice, to: .id(id))) }
        release()
        store.close()
        #expect(answered.withLock { $0 } == 3)
    }

    @Test("Closing answers what is queued and refuses what comes later")
    func closing() async throws {
        let store = try SQLiteStore(path: folder.database)
        let id = try store.open("c", alice, bob)
        let release = hold(store)
        let stored = Mutex(0)
        for _ in 0..<1000 {
            let draft = try draft(alice, to: .id(id))
            store.writer.submit {
                try $0.send(draft)
            } answer: { result in
                if case .success = result { stored.withLock { $0 += 1 } }
            }
        }
        release()
        store.close()
        store.close()
        #expect(stored.withLock { $0 } == 1000)
        await #expect(throws: MessagingError.storeUnavailable("the store is closed")) {
            try await store.send(draft(alice, to: .id(id)))
        }
        await #expect(throws: MessagingError.self) { try await store.list(of: alice) }
        #expect(await store.checkReadiness() != nil)
        let reopened = try SQLiteStore(path: folder.database)
        #expect(try await reopened.allMessages(id).count == 1000)
    }
}
