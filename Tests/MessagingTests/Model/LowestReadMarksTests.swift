import Messaging
import TestSupport
import Testing

@Suite("The lowest read markers of a conversation")
struct LowestReadMarksTests {
    private static func participants(_ marks: [Int64]) -> Participants {
        Participants(
            marks.enumerated().map { place, mark in
                Conversation.Participant(user: UserID(trusted: "user-\(place)"), readUpTo: mark)
            })
    }

    @Test("For every participant it is the lowest marker of all others, also where some are equal")
    func leastOfOthers() {
        var chance = Generator(seed: 1)
        for _ in 1...1000 {
            let marks = (0..<2 + chance.below(5)).map { _ in Int64(chance.below(4)) }
            let lowest = LowestReadMarks(Self.participants(marks))
            for place in marks.indices {
                var others = marks
                others.remove(at: place)
                #expect(lowest.least(without: place) == others.min())
            }
        }
    }

    @Test(
        "Where a marker moves, the reader's list changes, and the lists of those who see that all others have read further"
    )
    func affected() {
        func affected(_ before: [Int64], _ after: [Int64], by reader: Int) -> [String] {
            LowestReadMarks.usersAffected(
                byReader: reader, before: Self.participants(before), after: Self.participants(after)
            ).map(\.text)
        }
        #expect(affected([0, 0], [3, 0], by: 0) == ["user-0", "user-1"])
        #expect(affected([0, 0, 0], [3, 0, 0], by: 0) == ["user-0"])
        #expect(affected([3, 0, 0], [3, 3, 0], by: 1) == ["user-1", "user-2"])
        #expect(affected([3, 3, 0], [3, 3, 3], by: 2) == ["user-0", "user-1", "user-2"])
    }
}
