import Messaging

package let alice = UserID(trusted: "alice")
package let bob = UserID(trusted: "bob")
package let carol = UserID(trusted: "carol")
package let noon = Timestamp(milliseconds: 1_733_050_800_000)

package func caller(_ user: UserID, _ tenant: TenantID = .none) -> Caller {
    Caller(tenant: tenant, user: user)
}

package func conversationID(_ text: String) -> ConversationID {
    ConversationID(trusted: text)
}

/// A draft with defaults for whatever a test does not care about.
package func draft(
    _ sender: UserID, to conversation: ConversationReference, recipient: String? = nil, _ text: String = "Hello!",
    key: String? = nil, receivers: [UserID] = [], mayOpen: Bool = true, tenant: TenantID = .none, new: String = "new-1"
) throws -> Draft {
    Draft(
        caller: caller(sender, tenant), conversation: conversation, recipient: recipient.map { UserID(trusted: $0) },
        content: try MessageContent(text),
        clientMessageID: key, receivers: receivers, opening: mayOpen ? .granted : .operatorOnly, sentAt: noon,
        newConversationID: conversationID(new))
}

extension OperatorStore {
    /// Opens a conversation of these people, and returns its id.
    @discardableResult
    package func open(_ id: String, _ users: UserID..., tenant: TenantID = .none) throws -> ConversationID {
        try open(
            NewConversation(id: conversationID(id), participants: users, isDirect: false), tenant: tenant, at: noon)
    }
}

extension MessageStore {
    /// All messages of a conversation, oldest first.
    package func allMessages(_ id: ConversationID, tenant: TenantID = .none) async throws -> [Message] {
        guard let found = try await conversation(.id(id), of: caller(alice, tenant)), found.lastN > 0 else { return [] }
        return Array(try await messages(in: found, of: tenant, [MessageSlice(1...found.lastN)], limit: .max))
    }

    /// The newest entries of a caller's list.
    package func list(of user: UserID, _ window: ListWindow = .newest, limit: Int = 100) async throws
        -> ConversationPage
    {
        try await conversations(of: caller(user), window, limit: limit, messages: 20)
    }
}
