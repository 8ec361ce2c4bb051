import HTTP

/// What `Content-Encoding` says of a request's body (RFC 9110, section 8.4).
enum ContentCoding {
    /// Refuses a body in a coding such as gzip: none is understood. `identity` is no coding.
    ///
    /// - Throws: `unsupported-media-type`, with the field that says what is understood (RFC 9110, section 12.5.3).
    static func check(_ request: Request) throws(Problem) {
        for value in request.fields.all(.contentEncoding) {
            for name in value.split(separator: UInt8(ascii: ",")) {
                let text = String(decoding: name, as: UTF8.self).filter { $0 != " " && $0 != "\t" }
                guard text.isEmpty || text.lowercased() == "identity" else { throw refusal(text) }
            }
        }
    }

    private static func refusal(_ coding: String) -> Problem {
        Problem(
            .unsupportedMediaType,
            "The body is said to be in the coding \"\(PercentEncoding.visible(coding.utf8.prefix(40)))\". Send it as it is, without "
                + "Content-Encoding.",
            fields: [Response.Field("Accept-Encoding", "identity")])
    }
}
