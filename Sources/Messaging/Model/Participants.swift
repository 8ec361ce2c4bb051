/// The participants of a conversation. Two, the usual case, are stored inline without an array.
public struct Participants: Sendable, Equatable {
    private enum Storage: Sendable, Equatable {
        case two(Conversation.Participant, Conversation.Participant)
        case any([Conversation.Participant])
    }

    private var storage: Storage

    /// The index of a user among participants ordered by user id, as in a ``Conversation``; nil where there is none.
    ///
    /// Looked up by halves: a stranger must not learn how many they are by how long it takes.
    public func place(of user: UserID) -> Int? {
        if case .two(let first, let second) = storage {
            return first.user == user ? 0 : second.user == user ? 1 : nil
        }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].user < user { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low].user == user ? low : nil
    }

    /// Participants in this order.
    public init(_ participants: [Conversation.Participant]) {
        storage = participants.count == 2 ? .two(participants[0], participants[1]) : .any(participants)
    }

    /// The same participants with whichever read markers are further, here or there; nil where none is further there.
    func merged(with other: Participants) -> Participants? {
        switch (storage, other.storage) {
        case (.two(let first, let second), .two(let otherFirst, let otherSecond)):
            guard otherFirst.readUpTo > first.readUpTo || otherSecond.readUpTo > second.readUpTo else { return nil }
            var (newFirst, newSecond) = (first, second)
            newFirst.readUpTo = Swift.max(first.readUpTo, otherFirst.readUpTo)
            newSecond.readUpTo = Swift.max(second.readUpTo, otherSecond.readUpTo)
            return Participants([newFirst, newSecond])
        case (.any(let known), .any(let others)) where known.count == others.count:
            guard var place = known.indices.first(where: { others[$0].readUpTo > known[$0].readUpTo }) else {
                return nil
            }
            var merged = known
            while place < merged.endIndex {
                merged[place].readUpTo = Swift.max(merged[place].readUpTo, others[place].readUpTo)
                place += 1
            }
            return Participants(merged)
        default: return nil
        }
    }

    /// The bytes of heap memory that more than two of them take, about.
    var memory: Int {
        guard case .any(let participants) = storage else { return 0 }
        return participants.reduce(64) { size, participant in
            size + MemoryLayout<Conversation.Participant>.stride + participant.user.memory
        }
    }
}

extension Participants: RandomAccessCollection, MutableCollection {
    /// The index of the first participant; always 0.
    public var startIndex: Int { 0 }

    /// How many there are.
    public var endIndex: Int {
        switch storage {
        case .two: 2
        case .any(let participants): participants.count
        }
    }

    /// The participant at this place.
    public subscript(place: Int) -> Conversation.Participant {
        get {
            switch storage {
            case .two(let first, let second):
                precondition(place == 0 || place == 1)
                return place == 0 ? first : second
            case .any(let participants):
                return participants[place]
            }
        }
        set {
            var participants = Array(self)
            participants[place] = newValue
            self = Participants(participants)
        }
    }
}
