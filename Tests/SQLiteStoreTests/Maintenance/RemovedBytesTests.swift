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
        try ["", "-wal"].reduce(0) { count, suffix in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.database + suffix))
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

    @Test("A long read holds the emptying of the log up, and no write")
    func reader() async throws {
        let store = try SQLiteStore(path: folder.database)
        defer { store.close() }
        try store.open("c", alice, bob)
        _ = try await store.send(draft(alice, to: .id(conversationID("c")), "secret"))
        let (reading, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            try? store.pool.read { db in
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
