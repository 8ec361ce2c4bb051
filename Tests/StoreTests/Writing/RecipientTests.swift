import Messaging
import StoreTestSupport
import Testing

/// Where a message goes whose sender names no more than a recipient, which may be a conversation's id or a user's.
@Suite(.onEachStore)
struct RecipientTests {
    private let home: StoreHome
    private let store: any Store

    init() throws {
        home = try StoreHome()
        store = try home.open()
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
}
