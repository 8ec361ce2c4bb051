import Foundation
import GRDB
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// What is left on disk of something that was removed while the store serves.
struct RemovedBytesTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// How often a text is in the database and its log.
    private func copies(of text: String) throws -> Int {
        try ["", "-wal"].map { folder.database + $0 }.filter(FileManager.default.fileExists).reduce(0) { count, path in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            var (found, start) = (0, bytes.startIndex)
            while let range = bytes.range(of: Data(text.utf8), in: start..<bytes.endIndex) {
                (found, start) = (found + 1, range.upperBound)
            }
            return count + found
        }
    }

    @Test(
        "What was erased or pruned is neither in the log nor in the database, while the store goes on",
        arguments: [true, false])
    func bytes(isPruned: Bool) async throws {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        try store.open("c", alice, bob)
        try await store.setPerson(Person(id: alice, name: "secret name"), tenant: .none)
        for n in 1...20 { _ = try await store.send(draft(alice, to: .id(conversationID("c")), "secret \(n)")) }
        #expect(try copies(of: "secret") > 20)
        if isPruned {
            let later = Timestamp(milliseconds: noon.milliseconds + 1)
            #expect(try store.prune(.everything, before: later).removed == 20)
        } else {
            #expect(try store.erase(alice, tenant: .none) == 20)
        }
        try store.compact()
        #expect(try copies(of: isPruned ? "secret 1" : "secret") == 0)
        #expect(try await store.send(draft(bob, to: .id(conversationID("c")))).message.n == 21)
    }

    @Test("Of messages that SQLite moved from page to page no copy is left, while people send")
    func moved() async throws {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        for number in 0..<8 { try store.open("c\(number)", alice, bob) }
        var chance = Generator(seed: 1)
        for n in 0..<1500 {
            let text = "secret \(n) " + String(repeating: "x", count: chance.pick([0, 20, 300, 1500]))
            let (id, sender) = (conversationID("c\(chance.below(8))"), chance.pick([alice, bob]))
            _ = try await store.send(draft(sender, to: .id(id), n.isMultiple(of: 2) ? text : "hello"))
        }
        #expect(try store.erase(alice, tenant: .none) ?? 0 > 0)
        #expect(try store.erase(bob, tenant: .none) ?? 0 > 0)
        async let done: Void = withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try store.compact() }) }
        }
        for n in 0..<50 { _ = try await store.send(draft(alice, to: .id(conversationID("c\(n % 8)")), "next")) }
        try await done
        #expect(try copies(of: "secret") == 0)
        for n in 0..<50 { _ = try await store.send(draft(alice, to: .id(conversationID("c\(n % 8)")), "next")) }
        store.close()
        // What the writer had cached is not written back.
        #expect(try copies(of: "secret") == 0)
        #expect(try ReadOnlyDatabase.check(path: folder.database).faults == [])
    }

    @Test("A long read holds the emptying of the log up, and no write")
    func reader() async throws {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        try store.open("c", alice, bob)
        _ = try await store.send(draft(alice, to: .id(conversationID("c")), "secret"))
        let (reading, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let reader = try DatabaseQueue(path: folder.database)
        Thread.detachNewThread {
            try? reader.read { db in
                _ = try Int.fetchOne(db, sql: "SELECT 1 FROM store")
                reading.signal()
                done.wait()
            }
        }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                reading.wait()
                continuation.resume()
            }
        }
        #expect(try store.erase(alice, tenant: .none) == 1)
        async let emptied: Void = withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try store.compact() }) }
        }
        for _ in 0..<5 { _ = try await store.send(draft(bob, to: .id(conversationID("c")))) }
        #expect(try copies(of: "secret") > 0)
        done.signal()
        try await emptied
        #expect(try copies(of: "secret") == 0)
    }
}
