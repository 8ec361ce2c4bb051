/// A few people and conversations, so that a first look shows something.
enum SampleData {
    /// Lines of an import.
    static let lines = #"""
        {"kind":"user","id":"dana","name":"Dana Reyes","company":"Acme"}
        {"kind":"user","id":"lee","name":"Lee Wong","company":"Globex"}
        {"kind":"user","id":"sam","name":"Sam Okafor","company":"Initech"}
        {"kind":"conversation","id":"application-17","participantIds":["dana","lee"],"timestamp":"2024-12-01T10:12:00.000Z"}
        {"kind":"conversation","id":"application-23","participantIds":["dana","sam"],"timestamp":"2024-12-02T08:40:00.000Z"}
        {"kind":"conversation","id":"offer-panel","participantIds":["dana","lee","sam"],"timestamp":"2024-12-03T15:00:00.000Z"}
        {"kind":"message","conversationId":"application-17","senderId":"dana","content":"Hi Lee, thank you for applying. Would Thursday at 10 suit you for a first call?","timestamp":"2024-12-01T10:30:00.000Z"}
        {"kind":"message","conversationId":"application-17","senderId":"lee","content":"Thursday at 10 is perfect. Looking forward to it!","timestamp":"2024-12-01T11:02:00.000Z"}
        {"kind":"read","conversationId":"application-17","userId":"dana"}
        {"kind":"read","conversationId":"application-17","userId":"lee"}
        {"kind":"message","conversationId":"application-17","senderId":"dana","content":"Great. The link is in your calendar.","timestamp":"2024-12-01T11:05:00.000Z"}
        {"kind":"message","conversationId":"application-23","senderId":"sam","content":"Hello, is the position in the platform team still open?","timestamp":"2024-12-02T08:41:00.000Z"}
        {"kind":"message","conversationId":"application-23","senderId":"sam","content":"I attached my CV to the application.","timestamp":"2024-12-02T08:42:30.000Z"}
        {"kind":"message","conversationId":"offer-panel","senderId":"lee","content":"Who would I be working with?","timestamp":"2024-12-03T15:10:00.000Z"}
        {"kind":"message","conversationId":"offer-panel","senderId":"sam","content":"With me, I hope 🙂","timestamp":"2024-12-03T15:12:00.000Z"}
        """#

    /// The lines one after the other, as an import wants them.
    static func reader() -> () -> [UInt8]? {
        var rest = lines.split(separator: "\n")[...]
        return { rest.popFirst().map { Array($0.utf8) } }
    }
}
