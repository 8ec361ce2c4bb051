import Messaging
import Testing

@Suite("Message ids")
struct MessageIDTests {
    @Test(
        "an id comes back from its text, whatever the conversation is called",
        arguments: ["c", "a:b", "a:1", "42", "é"])
    func roundTrip(conversation: String) {
        let id = MessageID(conversation: ConversationID(trusted: conversation), n: 42)
        #expect(bytes(id.text) == bytes("\(conversation):42"))
        #expect(MessageID(id.text, in: id.conversation) == id)
    }

    @Test(
        "Other text is no message id of this conversation",
        arguments: [
            "", ":", "conv-1", "conv-1:", "conv-1:0", "conv-1:01", "conv-1:-1", "conv-1:+1", "conv-1:1 ", "conv-1:1:1",
            "conv-1:9223372036854775808", "conv-2:1", "conv-11:1", "conv-:1", "CONV-1:1", "conv-1:١", "1",
        ])
    func malformed(text: String) {
        #expect(MessageID(text, in: talk) == nil)
    }

    @Test("an id of a conversation whose name only looks the same is another's")
    func bytewise() {
        #expect(MessageID("e\u{301}:1", in: ConversationID(trusted: "\u{E9}")) == nil)
    }
}
