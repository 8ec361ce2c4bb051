/// The name of one request in logs, so that what a client saw can be found there: `X-Request-Id`.
package enum RequestID {
    /// The field name as it goes out.
    package static let fieldName = "X-Request-Id"

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
