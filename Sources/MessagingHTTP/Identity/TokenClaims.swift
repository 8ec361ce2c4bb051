/// The claims of a token, whatever they are called (RFC 7519, section 4).
struct TokenClaims: Decodable, Equatable {
    /// The value of a claim, as far as it is of use here.
    enum Value: Decodable, Sendable, Equatable {
        case text(String)
        case texts([String])
        /// Kept exactly: beyond 2^53 a floating-point number would make two users one.
        case integer(Int64)
        case number(Double)
        case null
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let integer = try? container.decode(Int64.self) {
                self = .integer(integer)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let texts = try? container.decode([String].self) {
                self = .texts(texts)
            } else {
                self = .other
            }
        }

        /// The value as an id; a whole number counts as its digits, since some issuers number their users.
        var idText: String? {
            switch self {
            case .text(let text): text
            case .integer(let integer): String(integer)
            case .number, .texts, .null, .other: nil
            }
        }
    }

    let values: [String: Value]

    init(_ values: [String: Value]) {
        self.values = values
    }

    /// Reads all members of the payload.
    init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: Value].self)
    }

    /// A claim that is text or a whole number.
    func text(_ name: String) -> String? { values[name]?.idText }

    /// A claim that is text, and nothing else.
    func string(_ name: String) -> String? {
        if case .text(let text) = values[name] { text } else { nil }
    }

    /// A claim that is a moment, in seconds since 1970.
    func seconds(_ name: String) -> Double? {
        switch values[name] {
        case .integer(let integer): Double(integer)
        case .number(let number) where number.isFinite: number
        default: nil
        }
    }

    /// A claim that is one text or several.
    func texts(_ name: String) -> [String] {
        switch values[name] {
        case .text(let text): [text]
        case .texts(let texts): texts
        case .integer, .number, .null, .other, nil: []
        }
    }
}
