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
