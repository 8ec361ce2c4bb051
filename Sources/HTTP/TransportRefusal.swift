/// Why a server refuses a request before the handler sees it.
public enum TransportRefusal: Sendable, Equatable {
    /// The body is, or would become, larger than `limit` bytes.
    case bodyTooLarge(limit: Int)
    /// The bodies that are coming in have all the memory there is for them.
    case tooManyBodies
    /// The head leaves no memory for the answer's head.
    case headTooLarge
    /// Its header fields do not agree on where its body ends (RFC 9112, section 6.3).
    case ambiguousLength
    /// Its body does not come in proper chunks (RFC 9112, section 7.1).
    case malformedChunks
    /// A line of the head is none, or goes on in the next one (RFC 9112, sections 3, 5.1 and 5.2).
    case malformedHead
    /// There is no Host, no valid one, or more than one (RFC 9112, section 3.2).
    case invalidHost
    /// The server is stopping.
    case stopping
}
