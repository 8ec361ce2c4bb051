import HTTP
import Messaging

/// A request whose caller and parameters are known.
struct Call: Sendable {
    let request: Request
    let caller: Caller
    let query: Query
    /// The epoch of the store when the call began; it may change while the call goes on.
    let epoch: Epoch
    /// The header fields that every response to this request carries.
    let common: [Response.Field]
    /// The content codings that the answer may have.
    var coding = AcceptedCoding.identity
    /// When the client is to come again, in seconds.
    var pollInterval: Int
    /// How many seconds the client would wait for a change, at most as long as the service lets it; nil where it does not ask to, or where
    /// nothing waits.
    var wait: Int?
    /// Whether it has waited as long as the client would.
    var hasWaited = false

    /// Whether the client may know, from another node, what memory here does not have yet.
    var mayBeAhead = false

    /// Whether the answer waits where there is nothing new. An older page is asked for while a client pages back, and does not wait.
    var mayWait: Bool { (wait ?? 0) > 0 && !hasWaited && query.before == nil }

    /// The same call, begun anew: memory has all that the client knew when it asked.
    func beginningAgain(in epoch: Epoch) -> Call {
        Call(
            request: request, caller: caller, query: query, epoch: epoch, common: common, coding: coding,
            pollInterval: pollInterval, wait: wait, hasWaited: hasWaited)
    }

    /// Whether it names what the client has by entity tags, which cannot tell which of two states is newer.
    var isConditional: Bool { request.fields.has(.ifNoneMatch) }

    /// Whether a body goes out with the answer, if it has one.
    var wantsBody: Bool { request.method != .head }

    /// Whether the caller gets to see what is in the body of a response.
    func shows(_ response: Response) -> Bool {
        response.status == 200 && request.method == .get
    }
}
