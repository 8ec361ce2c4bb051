import JWTKit

/// The claims of a token, whatever they are called (RFC 7519, section 4).
public struct TokenClaims: JWTPayload, Equatable {
    /// The value of a claim, as far as it is of use here.
    enum Value: Codable, Sendable, Equatable {
        case text(String)
        case texts([String])
        case number(Double)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let texts = try? container.decode([String].self) {
                self = .texts(texts)
            } else {
                self = .other
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .texts(let texts): try container.encode(texts)
            case .number(let number): try container.encode(number)
            case .other: try container.encodeNil()
            }
        }
    }

    let values: [String: Value]

    init(_ values: [String: Value]) {
        self.values = values
    }

    /// Reads all members of the payload.
    public init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: Value].self)
    }

    /// Writes all members of the payload.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// Nothing here: what the claims must say is for ``TokenRules``, which knows the time.
    public func verify(using algorithm: some JWTAlgorithm) async throws {}

    /// A claim that is text; a whole number counts as its digits, since some issuers number their users.
    func text(_ name: String) -> String? {
        switch values[name] {
        case .text(let text): text
        case .number(let number): Int64(exactly: number).map { String($0) }
        case .texts, .other, nil: nil
        }
    }

    /// A claim that is a moment, in seconds since 1970.
    func seconds(_ name: String) -> Double? {
        guard case .number(let number) = values[name], number.isFinite else { return nil }
        return number
    }

    /// A claim that is one text or several.
    func texts(_ name: String) -> [String] {
        switch values[name] {
        case .text(let text): [text]
        case .texts(let texts): texts
        case .number, .other, nil: []
        }
    }
}
