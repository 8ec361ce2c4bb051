/// Detects plain text, which JSON writes without escapes: text without quotes, backslashes and control characters.
///
/// Nearly all text is plain, so the result is kept and not computed at each write.
public enum PlainText {
    /// Whether a text in UTF-8 is plain; looks at eight bytes at a time, and at the end at the last eight.
    public static func isPlain(_ utf8: UnsafeRawBufferPointer) -> Bool {
        guard let start = utf8.baseAddress, utf8.count >= 8 else { return utf8.allSatisfy(isPlain) }
        let last = utf8.count - 8
        var place = 0
        while place < last {
            guard areAllPlain(start.loadUnaligned(fromByteOffset: place, as: UInt64.self)) else { return false }
            place += 8
        }
        return areAllPlain(start.loadUnaligned(fromByteOffset: last, as: UInt64.self))
    }

    /// Whether a byte of such a text is.
    public static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// A subtraction sets the highest bit of a byte that has none only where the byte is too small, or follows on such a one.
    @inline(__always)
    private static func areAllPlain(_ word: UInt64) -> Bool {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let (quotes, backslashes) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
        let small = (word &- ones &* 0x20) & ~word
        return (small | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)) & highs == 0
    }
}

extension String {
    /// Whether it has a character of the general category Cc: U+0000–U+001F and U+007F–U+009F.
    ///
    /// It looks at the bytes, since the Unicode tables take longer than the rest of an idle poll.
    public var hasControlCharacters: Bool {
        withBytes { bytes in
            var previous: UInt8 = 0
            for byte in bytes {
                if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return true }
                previous = byte
            }
            return false
        }
    }
}
