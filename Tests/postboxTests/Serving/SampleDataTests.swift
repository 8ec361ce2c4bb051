import Messaging
import Testing

@testable import postbox

@Suite("Sample data")
struct SampleDataTests {
    @Test("Every line of the sample data can be imported, and together they make sense")
    func parses() throws {
        let next = SampleData.reader()
        var participants: [ConversationID: [UserID]] = [:]
        var messages = 0
        while let line = next() {
            switch try ImportLine.record(from: line, now: Timestamp(milliseconds: 0)) {
            case .person: break
            case .conversation(let opening, _, _, _, _): participants[opening.id] = opening.participants
            case .message(let message, _):
                messages += 1
                #expect(participants[message.conversation]?.contains(message.sender) == true)
            case .read(let id, let user, _, _): #expect(participants[id]?.contains(user) == true)
            }
        }
        #expect(participants.count == 3)
        #expect(messages > 0)
    }

    @Test("Every reader of the sample data begins at the first line")
    func readers() {
        let first = SampleData.reader()()
        #expect(first != nil)
        #expect(SampleData.reader()() == first)
    }
}
