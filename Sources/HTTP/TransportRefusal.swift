/// Why a server refuses a request that it does not hand on to the handler.
public enum TransportRefusal: Sendable, Equatable {
    /// The body is, or would become, larger than `limit` bytes.
    case bodyTooLarge(limit: Int)
    /// The bodies that are coming in, of all clients or of this one, take all the memory there is for them.
    case tooManyBodies
    /// The head leaves no memory for the answer's head, its query has too many parameters, or too many requests came before the answers to
    /// earlier ones.
    case headTooLarge
    /// The header fields do not agree on where the body ends (RFC 9112, section 6.3).
    case ambiguousLength
    /// The body does not come in proper chunks, or fields behind them are malformed (RFC 9112, section 7.1).
    case malformedChunks
    /// A line of the head is neither a request line nor a field, or goes on in the next one (RFC 9112, sections 3, 5.1 and 5.2).
    case malformedHead
    /// There is no `Host`, no valid one, or more than one (RFC 9112, section 3.2).
    case invalidHost
    /// The server is stopping.
    case stopping
}
