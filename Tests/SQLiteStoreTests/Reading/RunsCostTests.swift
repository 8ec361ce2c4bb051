import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("What it costs to find others' messages among many of one's own")
struct RunsCostTests {
    let folder: Folder
    let store: SQLiteStore

    init() throws {
        folder = try Folder()
        store = try SQLiteStore(path: folder.database)
    }

    /// Messages of Alice in runs of these lengths, each but the last followed by one of Bob's; returns Bob's numbers.
    private func fill(_ id: String, runs: [Int]) async throws -> (Conversation, ofBob: [Int64]) {
        let id = try store.open(id, alice, bob)
        let senders = Array(runs.map { Array(repeating: alice, count: $0) }.joined(separator: [bob]))
        let drafts = try senders.map { try draft($0, to: .id(id)) }
        try store.writer.performBlocking { transaction in
            for draft in drafts { _ = try transaction.send(draft) }
        }
        let found = try #require(try await store.conversation(.id(id), of: caller(alice)))
        return (found, senders.indices.filter { senders[$0] == bob }.map { Int64($0 + 1) })
    }

    @Test("Ten times as many of one's own cost less than twice as much")
    func cost() async throws {
        var steps: [Int] = []
        for (id, count) in [("few", 400), ("many", 4000)] {
            let (talk, ofBob) = try await fill(id, runs: [count, count / 2])
            let slice = MessageSlice(1...talk.lastN, .except(alice))
            let (read, cost) = try await store.read { db in
                try StepCounter.steps(db) {
                    try StoredMessages(db: db, key: talk.key).messages(of: slice, PageBounds(count: 500, bytes: .max))
                        .map(\.n)
                }
            }
            #expect(read == ofBob)
            steps.append(cost)
        }
        #expect(steps[1] < 2 * steps[0], "\(steps[1]) steps against \(steps[0])")
    }
}
