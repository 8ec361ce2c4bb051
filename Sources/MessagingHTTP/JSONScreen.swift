/// What must be known of JSON text from outside before Foundation parses it (RFC 8259).
///
/// As of Swift 6.3, Foundation's parser guesses encodings, takes a comma after the last value, and stops the whole program where a
/// text ends with the bracket that opens level 513.
public enum JSONScreen: Equatable, Sendable {
    /// Foundation parses it as the standard says.
    case fit
    /// It is not UTF-8, or holds a bare U+0000, as UTF-16 does.
    case notUTF8
    /// It has more than ``deepest`` levels of arrays and objects.
    case tooDeep
    /// A comma comes before a closing bracket.
    case trailingComma

    /// The most levels that are parsed: far more than anybody needs, far fewer than the parser's own limit.
    public static let deepest = 100

    /// Looks through a text, be it JSON or not.
    public init(_ text: some Collection<UInt8>) {
        guard String(validating: text, as: UTF8.self) != nil, !text.contains(0) else {
            self = .notUTF8
            return
        }
        var (depth, isInString, isEscaped) = (0, false, false)
        var previous: UInt8 = 0
        for byte in text {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case UInt8(ascii: "\""): isInString.toggle()
            case _ where isInString, UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if previous == UInt8(ascii: ",") {
                    self = .trailingComma
                    return
                }
            default: break
            }
            previous = byte
            if depth > Self.deepest {
                self = .tooDeep
                return
            }
        }
        self = .fit
    }
}
