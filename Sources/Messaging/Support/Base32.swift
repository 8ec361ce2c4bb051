/// Numbers as texts of a fixed length: the digits of RFC 4648, section 6, in lower case, the most significant one first.
enum Base32 {
    /// The digit for the lowest five bits of a number.
    static func digit(of number: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: number & 31)
        return value < 26 ? UInt8(ascii: "a") + value : UInt8(ascii: "2") + value - 26
    }

    /// Reads exactly the given number of digits; nil for any other text, and for a number of more than 64 bits.
    static func parse(_ text: some Collection<UInt8>, digits: Int) -> UInt64? {
        guard text.count == digits else { return nil }
        var number: UInt64 = 0
        for character in text {
            guard let value = value(of: character), number >> 59 == 0 else { return nil }
            number = number << 5 | value
        }
        return number
    }

    private static func value(of digit: UInt8) -> UInt64? {
        switch digit {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(digit - UInt8(ascii: "a"))
        case UInt8(ascii: "2")...UInt8(ascii: "7"): UInt64(digit - UInt8(ascii: "2")) + 26
        default: nil
        }
    }
}
