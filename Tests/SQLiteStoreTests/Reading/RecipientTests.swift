import GRDB
import GRDBSQLite
import Messaging
import StoreTestSupport
import TestSupport
import Testing

@testable import SQLiteStore

/// What it costs to find out where a message goes whose sender names no more than a recipient.
struct RecipientTests {
    private let folder: Folder
    private let store: SQLiteStore

    init() throws {
        folder = try Folder()
        store = try SQLiteStore(path: folder.database)
    }

    /// The conversation that a message of this sender went to.
    private func send(_ sender: UserID, _ recipient: UserID, new: String = "new-1") async throws -> ConversationID {
        try await store.send(draft(sender, to: .direct(with: recipient), recipient: recipient.text, new: new))
            .conversation.id
    }

    /// How many steps of SQLite a message of alice's takes, the second one of two.
    private func stepsOfSending(to recipient: UserID) async throws -> Int {
        _ = try await send(alice, recipient)
        let counter = StepCounter()
        try await store.pool.writeWithoutTransaction { counter.watch($0) }
        _ = try await send(alice, recipient)
        try await store.pool.writeWithoutTransaction { sqlite3_progress_handler($0.sqliteConnection, 0, nil, nil) }
        return counter.take()
    }

    @Test("Finding out what a recipient is costs a user of a thousand conversations as much as one of a few")
    func cost() async throws {
        let zed = UserID(trusted: "zed")
        try store.open("zed", alice, carol)
        let few = try await stepsOfSending(to: zed)
        for number in 0..<1000 { try store.open("talk-\(number)", alice, UserID(trusted: "user-\(number)")) }
        let many = try await stepsOfSending(to: zed)
        // A list that long is kept in order, which takes a constant number of steps more.
        #expect(many - few < 200, "\(many) steps, and \(few) with few conversations")
    }

    @Test(
        "The search for a recipient ends after a thousand of their conversations, and is right where the sender has fewer"
    )
    func bound() async throws {
        let zed = UserID(trusted: "zed")
        try store.open("zed", alice, carol)
        func open(_ numbers: Range<Int>) throws {
            for number in numbers { try store.open("talk-\(number)", zed, UserID(trusted: "user-\(number)")) }
        }
        try open(0..<1200)
        let many = try await stepsOfSending(to: zed)
        try open(1200..<2400)
        let more = try await stepsOfSending(to: zed)
        #expect(abs(more - many) < 200, "\(many) steps, and \(more) with twice as many conversations")
        #expect(try await store.allMessages(conversationID("zed")).count == 4)
        // Beyond those of zed's that are searched.
        try store.open("together", alice, zed, bob)
        await #expect(throws: MessagingError.ambiguousRecipient(zed)) { _ = try await send(alice, zed) }
    }

    @Test(
        "A recipient counts as ambiguous where neither the sender's nor their conversations can be searched to the end")
    func unknown() async throws {
        let zed = UserID(trusted: "zed")
        try store.open("zed", alice, carol)
        for number in 0..<1000 { try store.open("of-zed-\(number)", zed, UserID(trusted: "user-\(number)")) }
        for number in 0..<998 { try store.open("of-alice-\(number)", alice, UserID(trusted: "user-\(number)")) }
        #expect(try await send(alice, zed) == conversationID("zed"))
        try store.open("of-alice-998", alice, UserID(trusted: "user-998"))
        await #expect(throws: MessagingError.ambiguousRecipient(zed)) { _ = try await send(alice, zed) }
    }
}
