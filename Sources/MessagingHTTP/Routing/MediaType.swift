import HTTP

/// What a `Content-Type` says (RFC 9110, section 8.3.1), as far as it matters here.
enum MediaType: Equatable {
    case json
    case plainText

    /// Reads a field value; nil for any other type, and for a charset other than UTF-8 or its subset US-ASCII.
    init?(_ value: ArraySlice<UInt8>) {
        let parts = value.split(separator: UInt8(ascii: ";")).map {
            String(decoding: $0.withoutBlanks, as: UTF8.self).lowercased()
        }
        switch parts.first {
        case "application/json": self = .json
        case "text/plain": self = .plainText
        default: return nil
        }
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            let charset = parameter.dropFirst("charset=".count).filter { $0 != "\"" }
            guard ["utf-8", "utf8", "us-ascii"].contains(charset) else { return nil }
        }
    }

    /// The type of a request's body.
    ///
    /// - Throws: `unsupported-media-type` where it is none of the accepted ones, or there is more than one.
    static func of(_ request: Request, accepting accepted: [MediaType]) throws(Problem) -> MediaType {
        guard request.fields.count(of: .contentType) == 1, let value = request.fields[.contentType],
            let type = MediaType(value), accepted.contains(type)
        else {
            let names = accepted.map { $0 == .json ? "application/json" : "text/plain" }.joined(separator: " or ")
            throw Problem(
                .unsupportedMediaType, "Send the body as \(names) in UTF-8, and say so in Content-Type.")
        }
        return type
    }
}

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
