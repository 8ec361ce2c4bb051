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
            origin = request.fields[.origin]
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

    private let answers: Mutex<LeastRecentlyUsed<Key, Answer>>

    init(capacity: Int) {
        answers = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// The answer given before; whether its state is still the present one is for the caller to check.
    func answer(to request: Request, of caller: Caller) -> Answer? {
        answers.withLock { $0.value(for: Key(request, of: caller)) }
    }

    /// Keeps a `304`.
    func keep(_ answer: Answer, to call: Call) {
        answers.withLock { $0.set(Key(call.request, of: call.caller), to: answer) }
    }
}
