import Messaging

let alice = UserID(trusted: "alice")
let bob = UserID(trusted: "bob")
let carol = UserID(trusted: "carol")
let talk = ConversationID(trusted: "conv-1")
let k3f9 = Epoch("k3f9") ?? Epoch(random: 0)

/// A repeatable source of chance (SplitMix64), so that a failing history can be run again.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The bytes of a text: Swift takes canonically equivalent strings for equal, and most of these tests must not.
func bytes(_ text: String?) -> [UInt8]? {
    text.map { Array($0.utf8) }
}

func conversation(_ id: ConversationID = talk, lastN: Int64 = 0, _ readers: (UserID, Int64)...) -> Conversation {
    Conversation(
        id: id, key: 1, lastN: lastN,
        participants: readers.map { Conversation.Participant(user: $0.0, readUpTo: $0.1) })
}

func message(_ n: Int64, from sender: UserID) -> Message {
    Message(n: n, sender: sender, content: "\(n)", sentAt: Timestamp(milliseconds: 0), clientMessageID: nil)
}
