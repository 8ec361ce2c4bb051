import Foundation

/// Reads a request body as one JSON object (RFC 8259).
enum JSONBody {
    /// Decodes an object; members it does not know are ignored.
    ///
    /// - Throws: `malformed-request` for what is not JSON in UTF-8, `invalid-message` for JSON of another shape.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(Problem) -> Value {
        switch JSONPrevalidator(bytes) {
        case .fit: break
        case .notUTF8: throw Problem(.malformedRequest, "The body is not JSON in UTF-8.")
        case .trailingComma: throw Problem(.malformedRequest, "The body is not valid JSON: a comma before a bracket.")
        case .tooDeep:
            throw Problem(
                .malformedRequest, "The body has more than \(JSONPrevalidator.deepest) levels of arrays and objects.")
        case .longLiteral:
            throw Problem(
                .malformedRequest, "The body has a number of more than \(JSONPrevalidator.longestLiteral) characters.")
        case .duplicateMember: throw Problem(.malformedRequest, "The body has an object with the same member twice.")
        }
        do {
            // The decoder looks only at what it decodes; this looks at all of it.
            _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch DecodingError.typeMismatch(let expected, let context) {
            throw Problem(.invalidMessage, "\(name(context)) must be \(words(expected)).")
        } catch DecodingError.keyNotFound(let key, _) {
            throw Problem(.invalidMessage, "\(key.stringValue) is missing.")
        } catch DecodingError.valueNotFound(_, let context) {
            throw Problem(.invalidMessage, "\(name(context)) must not be null.")
        } catch {
            throw Problem(.malformedRequest, "The body is not valid JSON.")
        }
    }

    private static func name(_ context: DecodingError.Context) -> String {
        context.codingPath.first { $0.intValue == nil }?.stringValue ?? "The body"
    }

    private static func words(_ type: Any.Type) -> String {
        if type == String.self { return "a string" }
        if type == JSONIdentifier.self { return "a string or a whole number" }
        if type == [Any].self { return "an array" }
        return "an object"
    }
}

/// An id in a JSON body: text, or a whole number that is the same id as its digits, as in a token.
struct JSONIdentifier: Decodable, Equatable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try TokenClaims.Value(from: decoder)
        let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "not an id")
        if value == .null { throw DecodingError.valueNotFound(Self.self, context) }
        guard let text = value.idText else { throw DecodingError.typeMismatch(Self.self, context) }
        self.text = text
    }
}
