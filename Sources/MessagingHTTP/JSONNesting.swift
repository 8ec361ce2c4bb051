/// How deep arrays and objects lie in one another in JSON text from outside.
///
/// Foundation's parser stops the whole program where a text ends with the bracket that opens level 513, as of Swift 6.3; so whatever
/// comes from outside is measured before it is parsed.
enum JSONNesting {
    /// The most levels that are parsed: far more than anybody needs, far fewer than the parser's own limit.
    static let limit = 100

    /// Whether a text, be it JSON or not, has at most ``limit`` levels.
    static func isModest(_ text: some Sequence<UInt8>) -> Bool {
        var (depth, isInString, isEscaped) = (0, false, false)
        for byte in text {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "["), UInt8(ascii: "{"): if !isInString { depth += 1 }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): if !isInString { depth -= 1 }
            default: break
            }
            if depth > limit { return false }
        }
        return true
    }
}
