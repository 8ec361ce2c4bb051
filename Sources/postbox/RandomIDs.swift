import Messaging

/// Makes ids that were never used before.
enum RandomIDs {
    /// An id for a conversation nobody named: 80 random bits; any thread may ask.
    static func conversation() -> ConversationID {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        let letters = (0..<16).map { _ in alphabet[Int.random(in: alphabet.indices)] }
        return ConversationID(trusted: "c-" + String(letters))
    }
}
