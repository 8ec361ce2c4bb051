/// One HTTP request as bytes, free of any socket.
public struct Request: Sendable {
    /// The request method.
    public let method: Method
    /// The request target as it came: path and query, still percent-encoded (RFC 9112, section 3.2).
    public let target: [UInt8]
    /// The header fields Postbox knows.
    public let fields: RequestFields
    /// The whole body; empty until it has been read.
    public let body: [UInt8]
    /// The address of the peer without its port, as text; empty where it has none.
    public let peer: String
    private var madeID: String?

    /// Creates a request.
    public init(
        method: Method, target: [UInt8], fields: RequestFields = RequestFields(), body: [UInt8] = [], peer: String = ""
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.peer = peer
    }

    /// Its name in logs: as the client gave it or, from the moment that one is needed, as it was made; nil until then.
    public var id: String? { madeID ?? RequestID.given(in: fields) }

    /// Names it where the client did not.
    public mutating func named(by makeID: () -> String) {
        if id == nil { madeID = makeID() }
    }
}

/// The name of one request in logs, so that what a client saw can be found there: `X-Request-Id`.
public enum RequestID {
    /// The field name as it goes out.
    public static let fieldName = "X-Request-Id"

    /// The most characters of an id that is taken from a client.
    static let maximumLength = 128

    /// The id that a client or a proxy gave; nil where there is none, or one that cannot stand in a log line as it is.
    ///
    /// One that is too long, or has anything but visible ASCII in it, is not taken: it would be a way to write into logs.
    static func given(in fields: RequestFields) -> String? {
        guard let value = fields[.requestID], (1...maximumLength).contains(value.count),
            value.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(decoding: value, as: UTF8.self)
    }
}
