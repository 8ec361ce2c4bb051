import Testing

@testable import postbox

@Suite("Messages of the control protocol")
struct ControlMessagesTests {
    private static let commands: [ControlCommand] = [
        .openConversation(
            id: "c", participants: ["a", "b"], isDirect: true, tenant: nil, at: "2024-12-01T10:30:00.000Z"),
        .setUser(id: "b", name: "Bob", company: nil, tenant: "t"), .importLines(count: 3), .finishImport,
        .eraseUser(id: "b", tenant: nil), .eraseMessage(id: "c:1", tenant: "t"),
        .prune(conversations: ["c"], tenant: nil, before: "2024-12-01T10:30:00.000Z"), .compact, .listRetention,
        .setRetention(rule: nil, tenant: nil),
    ]

    @Test("A request comes back from its line, which is one line", arguments: commands)
    func requests(command: ControlCommand) throws {
        let request = ControlRequest(command)
        let line = ControlJSON.encode(request)
        #expect(!line.contains(0x0A))
        #expect(try ControlRequest(line: line) == request)
    }

    @Test("A line break in a name does not end the line")
    func lineBreaks() throws {
        let request = ControlRequest(.setUser(id: "b", name: "one\ntwo\r\u{2028}", company: "", tenant: nil))
        let line = ControlJSON.encode(request)
        #expect(!line.contains(0x0A))
        #expect(try ControlRequest(line: line) == request)
    }

    @Test(
        "What is no request is refused",
        arguments: [
            "", " ", "null", "1", "{}", "[]", #"{"version":1}"#, #"{"version":"1","command":{}}"#,
            #"{"version":1,"command":{"fly":{}}}"#, #"{"version":1,"command":{"setUser":{}}}"#,
            #"{"version":1,"command":{"setUser":{"id":"b"},"openConversation":{}}}"#,
            #"{"version":1,"version":1,"command":{"setUser":{"id":"b"}}}"#,
            "{\"version\":1" + String(repeating: "0", count: 170) + "e-150}",
            String(repeating: "[", count: 10_000),
        ])
    func malformed(line: String) {
        #expect(throws: ControlError.self) { try ControlRequest(line: Array(line.utf8)) }
    }

    @Test("Another version is named in the refusal, whatever its commands look like")
    func versions() {
        #expect(throws: ControlError.malformed("this server speaks version 1 of the control protocol, not 2")) {
            try ControlRequest(line: Array(#"{"version":2,"command":"new"}"#.utf8))
        }
    }
}
