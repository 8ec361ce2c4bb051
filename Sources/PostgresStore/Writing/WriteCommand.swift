import Messaging
import Synchronization

/// What the writer thread is asked to do; each command has the reply that its caller waits for.
enum WriteCommand: Sendable {
    /// Stores a message, opening its conversation where the draft says so.
    case send(Draft, Reply<SentMessage>)
    /// Moves a read marker forward.
    case markRead(ConversationID, upTo: Int64?, Caller, Reply<ReadOutcome>)
    /// Opens a conversation, or finds the one that is meant.
    case open(NewConversation, TenantID, at: Timestamp, Reply<ConversationID>)
    /// Takes one step of a renaming; the number is that of the step before.
    case rename(Person, TenantID, number: Int64?, Reply<RenameProgress>)
    /// Takes one step of whatever renaming of the user is unfinished; returns whether all is done.
    case resumeRenaming(UserID, TenantID, Reply<Bool>)
    /// Takes one step of a removal from a tenant, which looks at so many messages, about.
    case remove(RemovalStep, TenantID, messages: Int, Reply<RemovedStep>)
    /// Writes a row that nobody reads, to see whether writes succeed.
    case probe(Reply<Bool>)

    /// Answers the caller that it did not happen, or that nobody knows whether it did.
    func refuse(_ error: MessagingError) {
        switch self {
        case .send(_, let reply): reply.refuse(error)
        case .markRead(_, _, _, let reply): reply.refuse(error)
        case .open(_, _, _, let reply): reply.refuse(error)
        case .rename(_, _, _, let reply): reply.refuse(error)
        case .resumeRenaming(_, _, let reply): reply.refuse(error)
        case .remove(_, _, _, let reply): reply.refuse(error)
        case .probe(let reply): reply.refuse(error)
        }
    }
}

/// The progress of a command that stores the name and company of a user.
enum RenameProgress: Equatable {
    case done
    /// The command must be given again, with the number of its renaming; nil where it has not begun because an earlier one is on its
    /// way.
    case unfinished(number: Int64?)
}

/// Answers a caller once; later answers are dropped. Any thread may answer.
///
/// A caller does not wait for as long as a write may: it is answered when its time is over, and the write goes on.
final class Reply<Value: Sendable>: Sendable {
    private let answer: Mutex<(@Sendable (Result<Value, MessagingError>) -> Void)?>

    init(_ answer: @escaping @Sendable (Result<Value, MessagingError>) -> Void) {
        self.answer = Mutex(answer)
    }

    func succeed(_ value: Value) { give(.success(value)) }

    func refuse(_ error: MessagingError) { give(.failure(error)) }

    private func give(_ result: Result<Value, MessagingError>) {
        answer.withLock { $0.take() }?(result)
    }
}
