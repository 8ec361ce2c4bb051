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
