import Messaging
import Testing

@Suite("How a caller names a conversation")
struct ConversationReferenceTests {
    @Test(
        "Text that does not begin with @ is the id of a conversation",
        arguments: ["conv-456", "a@b", "a/b", "...", "a b", "42"])
    func ids(text: String) {
        #expect(ConversationReference(text) == .id(ConversationID(trusted: text)))
    }

    @Test(
        "@ and a user id is the direct conversation with that user", arguments: ["bob", "@bob", "b@example.com", "."])
    func direct(user: String) {
        #expect(ConversationReference("@" + user) == .direct(with: UserID(trusted: user)))
    }

    @Test("a user id that begins with a combining mark keeps it, or the alias would name somebody else")
    func combiningMark() {
        #expect(ConversationReference("@\u{301}bob") == .direct(with: UserID(trusted: "\u{301}bob")))
    }

    @Test(
        "Text that is no id, nor @ and a user id, names no conversation",
        arguments: ["", "@", ".", "..", "a\nb", "@a\u{0}", String(repeating: "a", count: 256)])
    func invalid(text: String) {
        #expect(ConversationReference(text) == nil)
    }
}
