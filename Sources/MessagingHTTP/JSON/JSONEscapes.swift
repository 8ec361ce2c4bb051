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
