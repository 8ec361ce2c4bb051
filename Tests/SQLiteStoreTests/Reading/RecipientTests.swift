import GRDB
import GRDBSQLite
import Messaging
import TestSupport
import Testing

@testable import SQLiteStore

/// Where a message goes whose sender names no more than a recipient, which may be a conversation's id or a user's.
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

    @Test("A recipient is the sender's conversation with that id first, then the direct one with that user")
    func order() async throws {
        let dave = UserID(trusted: "dave")
        try store.open("dave", alice, carol)
        #expect(try await send(alice, dave) == conversationID("dave"))
        // It is not one of bob's.
        #expect(try await send(bob, dave, new: "direct") == conversationID("direct"))
        #expect(try await send(dave, bob, new: "another") == conversationID("direct"))
    }

    @Test(
        "A recipient is ambiguous where the sender is in any conversation with that user, unless it is the two's direct one"
    )
    func ambiguous() async throws {
        try store.open("bob", alice, carol)
        #expect(try await send(alice, bob) == conversationID("bob"))
        try store.open("elsewhere", alice, bob, carol)
        await #expect(throws: MessagingError.ambiguousRecipient(bob)) { _ = try await send(alice, bob) }
        await #expect(throws: MessagingError.ambiguousRecipient(bob)) { _ = try await send(carol, bob) }
        #expect(try await store.allMessages(conversationID("bob")).count == 1)
        let newConversation = try NewConversation(
            id: conversationID("carol"), participants: [alice, carol], isDirect: true)
        _ = try store.open(newConversation, tenant: .none, at: noon)
        #expect(try await send(alice, carol) == conversationID("carol"))
        #expect(try await send(carol, carol) == conversationID("carol"))
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
