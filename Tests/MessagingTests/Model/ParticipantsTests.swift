import Messaging
import Testing

@Suite("Participants")
struct ParticipantsTests {
    private func participants(_ count: Int) -> [Conversation.Participant] {
        (0..<count).map { Conversation.Participant(user: UserID(trusted: "user \($0)"), readUpTo: Int64($0)) }
    }

    @Test("Participants are kept in order, however many they are", arguments: [0, 1, 2, 3, 500])
    func order(count: Int) {
        #expect(Array(Participants(participants(count))) == participants(count))
    }

    @Test("Changing one participant changes no other", arguments: [1, 2, 3])
    func change(count: Int) {
        for place in 0..<count {
            var (changed, expected) = (Participants(participants(count)), participants(count))
            changed[place].readUpTo = 99
            expected[place].readUpTo = 99
            #expect(Array(changed) == expected)
            #expect(changed == Participants(expected))
            #expect(changed != Participants(participants(count)))
        }
    }
}
