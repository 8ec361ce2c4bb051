/// A request method, as far as Postbox tells them apart (RFC 9110, section 9).
public enum Method: Sendable, Equatable {
    case get, head, post, put, options
    /// Any other method; it is never allowed anywhere.
    case other
}
