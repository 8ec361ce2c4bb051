/// Why a server turns a request away before anybody has looked at what it means.
public enum TransportRefusal: Sendable, Equatable {
    /// The body is, or would become, larger than `limit` bytes.
    case bodyTooLarge(limit: Int)
    /// Its header fields do not agree on where its body ends (RFC 9112, section 6.3).
    case ambiguousLength
    /// A header field has no proper name, or one comes twice that may come only once (RFC 9112, sections 3.2 and 5.1).
    case malformedHead
    /// The server is stopping.
    case stopping
}
