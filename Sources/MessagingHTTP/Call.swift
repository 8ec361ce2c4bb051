import Messaging

/// A request whose caller and parameters are known.
struct Call: Sendable {
    let request: Request
    let caller: Caller
    let query: Query
    /// The header fields that every response to this request carries.
    let common: [Response.Field]
}
