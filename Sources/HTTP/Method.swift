/// A request method, as far as Postbox tells them apart (RFC 9110, section 9).
public enum Method: Sendable, Equatable {
    case get, head, post, put, patch, options
    /// Any other method; it is never allowed anywhere.
    case other

    /// Whether the method is safe: it only reads (RFC 9110, section 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options: true
        case .post, .put, .patch, .other: false
        }
    }

    /// The method as it stands in a request line; empty for any other.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .other: ""
        }
    }
}
