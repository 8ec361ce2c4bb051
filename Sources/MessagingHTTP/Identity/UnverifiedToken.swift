import FoundationEssentials

/// The parts of a signed token (RFC 7515, section 3.1; RFC 7519), before its signature is verified.
struct UnverifiedToken {
    /// The signature algorithm that the header names.
    let algorithm: String
    /// The key that the header names.
    let keyID: String?
    let claims: TokenClaims
    /// The signed bytes: header and payload as received.
    let signed: ArraySlice<UInt8>
    let signature: [UInt8]

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let crit: [String]?
    }

    /// Nil if the text is not a token in canonical form.
    ///
    /// Extensions that must be understood (`crit`) are not, so such a token is refused (RFC 7515, section 4.1.11).
    init?(_ token: [UInt8]) {
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2]),
            let header = Self.object(Header.self, in: parts[0]), header.crit == nil,
            let claims = Self.object(TokenClaims.self, in: parts[1])
        else { return nil }
        algorithm = header.alg
        keyID = header.kid
        self.claims = claims
        signed = token[..<(parts[2].startIndex - 1)]
        self.signature = signature
    }

    private static func object<Value: Decodable>(_ type: Value.Type, in part: ArraySlice<UInt8>) -> Value? {
        guard let json = Base64URL.decode(part), JSONPrevalidator(json) == .fit else { return nil }
        return try? JSONDecoder().decode(type, from: Data(json))
    }
}

/// Base64 with the alphabet for URLs, without padding (RFC 7515, section 2; RFC 4648, section 5).
enum Base64URL {
    /// The bytes that a text stands for; nil for any text but the one that an encoder makes of them.
    ///
    /// Padding, blanks, other alphabets and bits that are left over at the end are refused (RFC 4648, section 3.5): with any of them,
    /// one token would have many forms.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            guard let value = Self.value(of: character) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= 1 << UInt32(count) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    /// The text that stands for these bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        func write(_ value: UInt32) { text.append(alphabet[Int(value & 63)]) }
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                write(bits >> UInt32(count))
            }
            bits &= 1 << UInt32(count) - 1
        }
        if count > 0 { write(bits << UInt32(6 - count)) }
        return text
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
