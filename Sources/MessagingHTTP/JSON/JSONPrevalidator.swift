/// What must be known of JSON text from outside before Foundation parses it (RFC 8259).
///
/// As of Swift 6.3, Foundation's parser guesses encodings, takes a comma after the last value, and stops the whole program where a
/// text ends with the bracket that opens level 513, or where a number has some 170 digits and an exponent that makes it fit again.
/// Of two members with one name it takes either, and other parsers take the other: a text that two parsers read differently is refused
/// (RFC 7493, section 2.3; RFC 7515, section 4; RFC 7519, section 4).
public enum JSONPrevalidator: Equatable, Sendable {
    /// Foundation parses it as the standard says.
    case fit
    /// It is not UTF-8, or holds a bare U+0000, as UTF-16 does.
    case notUTF8
    /// It has more than ``deepest`` levels of arrays and objects.
    case tooDeep
    /// A comma comes before a closing bracket.
    case trailingComma
    /// A number, or what stands in the place of one, has more than ``longestLiteral`` characters.
    case longLiteral
    /// An object has two members with one name, however they are escaped or composed.
    case duplicateMember

    /// The most levels that are parsed: far more than a request needs, far fewer than the parser's own limit.
    public static let deepest = 100

    /// The most characters of a number: more than any 64-bit number needs, far fewer than those the parser stops at.
    public static let longestLiteral = 64

    /// Looks through a text, be it JSON or not.
    public init(_ text: some Collection<UInt8>) {
        let text = Array(text)
        guard String(validating: text, as: UTF8.self) != nil, !text.contains(0) else {
            self = .notUTF8
            return
        }
        var scan = JSONScan()
        self = text.withUnsafeBytes { scan.firstFault(in: $0) } ?? .fit
    }
}

/// A walk through a text, as far as ``JSONPrevalidator`` needs to understand it.
private struct JSONScan {
    /// The names so far in each object that is open; nil for an array.
    private var open: [Set<String>?] = []
    /// The last byte that was no blank; a string counts as its quote.
    private var previous: UInt8 = 0
    private var literalLength = 0

    mutating func firstFault(in text: UnsafeRawBufferPointer) -> JSONPrevalidator? {
        var place = 0
        while place < text.count {
            let byte = text[place]
            place += 1
            if byte == UInt8(ascii: "\"") {
                let end = Self.endOfString(in: text, from: place)
                if let fault = name(UnsafeRawBufferPointer(rebasing: text[place..<end])) { return fault }
                place = end + 1
                literalLength = 0
            } else if let fault = step(byte) {
                return fault
            }
            if !Self.isBlank(byte) { previous = byte }
        }
        return nil
    }

    private mutating func step(_ byte: UInt8) -> JSONPrevalidator? {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            open.append(byte == UInt8(ascii: "{") ? [] : nil)
            if open.count > JSONPrevalidator.deepest { return .tooDeep }
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            if previous == UInt8(ascii: ",") { return .trailingComma }
            _ = open.popLast()
        case UInt8(ascii: ","), UInt8(ascii: ":"):
            break
        case _ where Self.isBlank(byte):
            break
        default:
            literalLength += 1
            return literalLength > JSONPrevalidator.longestLiteral ? .longLiteral : nil
        }
        literalLength = 0
        return nil
    }

    /// Takes a string, which is the name of a member where an object begins or goes on.
    private mutating func name(_ bytes: UnsafeRawBufferPointer) -> JSONPrevalidator? {
        guard let last = open.indices.last, open[last] != nil,
            previous == UInt8(ascii: "{") || previous == UInt8(ascii: ",")
        else { return nil }
        // What cannot be unescaped is for the parser to refuse.
        let name = JSONEscapes.unescaped(bytes) ?? String(decoding: bytes, as: UTF8.self)
        return open[last]?.insert(name).inserted == false ? .duplicateMember : nil
    }

    /// Where the quote is that ends a string; the end of the text where none does.
    private static func endOfString(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var place = start
        while place < text.count, text[place] != UInt8(ascii: "\"") {
            place += text[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place, text.count)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }
}

/// The escapes in a JSON string (RFC 8259, section 7).
enum JSONEscapes {
    /// The text that stands between two quotes; nil where an escape is none, or half of a character. The bytes are UTF-8.
    static func unescaped(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var rest = String(decoding: bytes, as: UTF8.self).utf16[...]
        while let unit = rest.popFirst() {
            guard unit == UInt8(ascii: "\\") else {
                units.append(unit)
                continue
            }
            guard let escaped = rest.popFirst(), let unit = Self.unit(escaped, &rest) else { return nil }
            units.append(unit)
        }
        return String(validating: units, as: UTF16.self)
    }

    private static func unit(_ escaped: UInt16, _ rest: inout Substring.UTF16View) -> UInt16? {
        switch UInt8(exactly: escaped) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return escaped
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"):
            let digits = rest.prefix(4)
            guard digits.count == 4 else { return nil }
            rest.removeFirst(4)
            var unit: UInt16 = 0
            for digit in digits {
                guard let value = UInt8(exactly: digit).flatMap(Self.hexadecimal) else { return nil }
                unit = unit << 4 | value
            }
            return unit
        default: return nil
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt16? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
