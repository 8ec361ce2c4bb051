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

    /// Whether a body goes out with the answer, if it has one.
    var wantsBody: Bool { request.method != .head }

    /// Whether the caller gets to see what is in the body of a response.
    func shows(_ response: Response) -> Bool {
        response.status == 200 && request.method == .get
    }
}

/// The result of the part of a call that needs no waiting: a response, or pending work. The work keeps the route, the caller and the
/// view, so that nothing is read or decided twice.
enum Step {
    case response(Response)
    case pending(@Sendable () async throws -> Response)

    /// The answer, whatever it takes.
    func finish() async throws -> Response {
        switch self {
        case .response(let response): response
        case .pending(let work): try await work()
        }
    }
}
