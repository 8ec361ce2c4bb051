import Messaging

let alice = UserID(trusted: "alice")
let bob = UserID(trusted: "bob")
let carol = UserID(trusted: "carol")
let talk = ConversationID(trusted: "conv-1")
let k3f9 = Epoch("k3f9") ?? Epoch(random: 0)

/// The bytes of a text: Swift takes canonically equivalent strings for equal, and most of these tests must not.
func bytes(_ text: String?) -> [UInt8]? {
    text.map { Array($0.utf8) }
}

func conversation(_ id: ConversationID = talk, lastN: Int64 = 0, _ readers: (UserID, Int64)...) -> Conversation {
    Conversation(
        id: id, key: 1, lastN: lastN,
        participants: readers.map { Conversation.Participant(user: $0.0, readUpTo: $0.1) })
}

/// A commit that changes a conversation and alice's list.
func commit(_ conversation: Conversation, change: Int64 = 6, tenant: TenantID = .none) -> Commit {
    Commit(tenant: tenant, conversation: conversation, listChanges: [Commit.ListChange(user: alice, change: change)])
}

func message(_ n: Int64, from sender: UserID) -> Message {
    Message(n: n, sender: sender, content: "\(n)", sentAt: Timestamp(milliseconds: 0), clientMessageID: nil)
}
