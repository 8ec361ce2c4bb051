import Messaging
import StoreTestSupport
import Testing

@Suite("Others' messages among many of one's own", .onEachStore)
struct RunsTests {
    let home: StoreHome
    let store: any Store

    init() throws {
        home = try StoreHome()
        store = try home.open()
    }

    /// Messages of Alice in runs of these lengths, each but the last followed by one of Bob's; returns Bob's numbers.
    private func fill(_ id: String, runs: [Int]) async throws -> (Conversation, ofBob: [Int64]) {
        let id = try store.open(id, alice, bob)
        let senders = Array(runs.map { Array(repeating: alice, count: $0) }.joined(separator: [bob]))
        var records = try senders.map { sender in
            ImportRecord.message(
                ImportedMessage(
                    conversation: id, sender: sender, content: try MessageContent("Hello!"), sentAt: noon,
                    clientMessageID: nil), .none)
        }[...]
        try store.importRecords { records.popFirst() }
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
                let read = try await store.messages(in: talk, of: .none, [slice], all) { $0.map(\.n) }
                #expect(read == ofBob.filter { (first...last).contains($0) }, "\(first)...\(last)")
            }
        }
        let three = try await store.messages(
            in: talk, of: .none, [MessageSlice(20...talk.lastN, .except(alice))], PageBounds(count: 2, bytes: .max)
        ) { $0.map(\.n) }
        #expect(three == Array(ofBob.filter { $0 >= 20 }.prefix(3)), "one more tells that there are more")
    }
}
