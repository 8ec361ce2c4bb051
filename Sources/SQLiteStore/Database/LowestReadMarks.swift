import Messaging

/// The two least read markers of a conversation: enough to know the least of all others for every participant.
struct LowestReadMarks {
    private var least = Int64.max
    private var second = Int64.max
    private var place = -1

    init(_ participants: Participants) {
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

    /// The least marker of everybody but the participant at this place.
    func least(without index: Int) -> Int64 {
        index == place ? second : least
    }
}
