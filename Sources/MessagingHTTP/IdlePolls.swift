import Messaging
import Synchronization

/// The answers to polls that found nothing new, kept to be given again: while nothing changes, the same request gets the same
/// response, and nothing of it is read, decided or written anew.
final class IdlePolls: Sendable {
    /// All that an answer depends on besides the state: who asks, for what, from which page.
    struct Key: Hashable, Sendable {
        let caller: Caller
        let target: [UInt8]
        let origin: ArraySlice<UInt8>?

        init(_ request: Request, of caller: Caller) {
            self.caller = caller
            target = request.target
            // Two are as good as none, here as in the answer.
            origin = request.fields.count(of: .origin) == 1 ? request.fields[.origin] : nil
        }

        static func == (lhs: Key, rhs: Key) -> Bool {
            guard lhs.target[...].hasSameBytes(as: rhs.target[...]), lhs.caller == rhs.caller else { return false }
            guard let left = lhs.origin, let right = rhs.origin else { return lhs.origin == nil && rhs.origin == nil }
            return left.hasSameBytes(as: right)
        }

        /// Arrays would be hashed byte by byte. The origin counts too, or one caller with many could make everybody's look-ups slow.
        func hash(into hasher: inout Hasher) {
            hasher.combine(caller)
            target.withUnsafeBytes { hasher.combine(bytes: $0) }
            origin?.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    /// The state that an answer shows.
    enum State: Equatable, Sendable {
        case list(change: Int64)
        case messages(of: ConversationID, ReadMarks)
    }

    /// An object, so that taking it out of the table copies one reference.
    final class Answer: Sendable {
        let state: State
        let tag: EntityTag
        let response: Response

        init(state: State, tag: EntityTag, response: Response) {
            self.state = state
            self.tag = tag
            self.response = response
        }
    }

    private struct Table {
        var answers: LeastRecentlyUsed<Key, Answer>
        var newcomers = 0
    }

    /// Where there is no room, only one newcomer in this many is let in. More people than there is room for poll in turn, and if each
    /// pushed another out, none would ever find the answer that was kept: all would pay for the keeping and nobody gain.
    private static let newcomersPerPlace = 16

    private let table: Mutex<Table>

    init(capacity: Int) {
        table = Mutex(Table(answers: LeastRecentlyUsed(capacity: capacity)))
    }

    /// The answer given before; whether its state is still the present one is for the caller to check.
    func answer(to request: Request, of caller: Caller) -> Answer? {
        table.withLock { $0.answers.value(for: Key(request, of: caller)) }
    }

    /// Keeps a `304`, in the place of the one before it, or as long as there is room.
    func keep(_ answer: Answer, to call: Call) {
        let key = Key(call.request, of: call.caller)
        table.withLock { table in
            if table.answers.replace(key, with: answer) { return }
            if table.answers.count == table.answers.capacity {
                table.newcomers += 1
                guard table.newcomers.isMultiple(of: Self.newcomersPerPlace) else { return }
            }
            table.answers.set(key, to: answer)
        }
    }
}
