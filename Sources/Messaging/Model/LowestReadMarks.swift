/// The two lowest read markers of a conversation: enough to know, for every participant, the lowest of all others.
public struct LowestReadMarks: Sendable, Equatable {
    private var least = Int64.max
    private var second = Int64.max
    private var place = -1

    /// Finds the two lowest markers.
    public init(_ participants: Participants) {
        for (index, participant) in participants.enumerated() {
            if participant.readUpTo < least {
                second = least
                least = participant.readUpTo
                place = index
            } else {
                second = min(second, participant.readUpTo)
            }
        }
    }

    /// The lowest marker of all participants but the one at this index; `Int64.max` where there are no others.
    public func least(without index: Int) -> Int64 {
        index == place ? second : least
    }

    /// The users whose lists change when a read marker moves: the reader, and every participant for whom the lowest marker of the
    /// others has moved.
    ///
    /// - Parameter reader: the index of the participant whose marker moved.
    public static func usersAffected(
        byReader reader: Int, before: Participants, after: Participants
    ) -> [UserID] {
        let (old, new) = (LowestReadMarks(before), LowestReadMarks(after))
        return before.indices.compactMap { index in
            index == reader || old.least(without: index) != new.least(without: index) ? before[index].user : nil
        }
    }
}
