/// Numbers as texts of a fixed length: the digits of RFC 4648, section 6, in lower case, the most significant one first.
enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// So many of the lowest digits of a number.
    ///
    /// - Parameter digits: at most 13, which hold every number.
    static func text(_ number: UInt64, digits: Int) -> String {
        String(unsafeUninitializedCapacity: digits) { bytes in
            for place in 0..<digits {
                bytes[place] = alphabet[Int(truncatingIfNeeded: number >> (5 * (digits - 1 - place))) & 31]
            }
            return digits
        }
    }

    /// Reads exactly so many digits; nil for any other text, and for one that says more than 64 bits.
    static func parse(_ text: some Collection<UInt8>, digits: Int) -> UInt64? {
        guard text.count == digits else { return nil }
        var number: UInt64 = 0
        for character in text {
            guard let digit = digit(character), number >> 59 == 0 else { return nil }
            number = number << 5 | digit
        }
        return number
    }

    private static func digit(_ character: UInt8) -> UInt64? {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(character - UInt8(ascii: "a"))
        case UInt8(ascii: "2")...UInt8(ascii: "7"): UInt64(character - UInt8(ascii: "2")) + 26
        default: nil
        }
    }
}
