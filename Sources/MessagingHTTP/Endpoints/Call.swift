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
