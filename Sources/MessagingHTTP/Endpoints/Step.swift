import HTTP
import Messaging

/// The result of the part of a call that needs no waiting: a response, or pending work.
///
/// The work keeps the route, the caller and, where it is in memory, the view of the conversation; it does not determine them again.
enum Step: Sendable {
    case response(Response)
    /// There is nothing new for this client.
    case unchanged(Unchanged)
    /// Memory may be behind what the client knows from another node: the call is to begin again after a look at the feed.
    case behind
    case pending(@Sendable () async throws -> Step)

    /// The answer, whatever it takes, of what does not depend on memory.
    func finish() async throws -> Response {
        switch self {
        case .response(let response): response
        case .unchanged(let unchanged): try unchanged.response()
        case .behind: throw Problem.behind
        case .pending(let work): try await work().finish()
        }
    }
}

/// An answer with nothing new, and how to learn when there is something.
struct Unchanged: Sendable {
    /// Makes the answer.
    let response: @Sendable () throws -> Response
    /// A token of everything that the answer shows; nil where that has changed, or is no longer in memory.
    let invalidationToken: @Sendable () -> InvalidationToken?
}

extension Response {
    /// Whether it says that nothing changed: a `304`, or an empty delta.
    var hasNothingNew: Bool { label.outcome == .notModified || isEmptyDelta }

    /// Whether it is a delta without entries.
    var isEmptyDelta: Bool { label.outcome == .delta && sizeOfBody == "[]".utf8.count }

    /// The same response with another time to come again, in seconds.
    func comingAgain(in seconds: Int) -> Response {
        let name = PollAnswer.intervalField
        return Response(
            status: status, fields: fields.map { $0.name == name ? Field(name, String(seconds)) : $0 }, body: body,
            sizeOfBody: sizeOfBody, uncodedSize: uncodedSize, label: label, isShared: isShared, share: share)
    }
}
