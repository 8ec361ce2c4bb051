import Messaging
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Others' messages among many of one's own")
struct RunsTests {
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

    @Test("All of others' messages are found, wherever a run begins and ends and however long it is")
    func found() async throws {
        let runs = [0, 1, 15, 16, 17, 0, 31, 32, 33, 0, 0, 47, 48, 49, 100, 300, 70]
        let (talk, ofBob) = try await fill("c", runs: runs)
        let all = PageBounds(count: 500, bytes: .max)
        for first in 1...talk.lastN {
            for last in Set([first, min(first + 16, talk.lastN), min(first + 100, talk.lastN), talk.lastN]) {
                let slice = MessageSlice(first...last, .except(alice))
                let read = try await store.messages(in: talk, [slice], all) { $0.map(\.n) }
                #expect(read == ofBob.filter { (first...last).contains($0) }, "\(first)...\(last)")
            }
        }
        let three = try await store.messages(
            in: talk, [MessageSlice(20...talk.lastN, .except(alice))], PageBounds(count: 2, bytes: .max)
        ) { $0.map(\.n) }
        #expect(three == Array(ofBob.filter { $0 >= 20 }.prefix(3)), "one more tells that there are more")
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
