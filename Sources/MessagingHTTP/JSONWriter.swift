/// Writes JSON text (RFC 8259) straight into bytes.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty text with room for `capacity` bytes.
    public init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends text that is JSON already.
    public mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes that are JSON already.
    public mutating func raw(_ text: [UInt8]) {
        bytes.append(contentsOf: text)
    }

    /// Takes the last byte away.
    public mutating func dropLast() {
        bytes.removeLast()
    }

    /// Appends a whole number.
    public mutating func number(_ number: Int64) {
        if (0...9).contains(number) {
            bytes.append(0x30 + UInt8(number))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
    }

    /// Appends `true` or `false`.
    public mutating func bool(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    /// Appends a string with its quotes.
    public mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        stringContent(text)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a moment as a string with its quotes.
    public mutating func quoted(_ append: (inout [UInt8]) -> Void) {
        bytes.append(UInt8(ascii: "\""))
        append(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends what stands between the quotes of a string: only quote, backslash and control characters are escaped
    /// (RFC 8259, section 7).
    public mutating func stringContent(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            let utf8 = UnsafeRawBufferPointer(utf8)
            var (start, place) = (0, 0)
            while true {
                place += Self.plainLength(utf8, from: place)
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[start..<place]))
                guard place < utf8.count else { break }
                escape(utf8[place])
                place += 1
                start = place
            }
        }
    }

    /// How many bytes from here on stand for themselves; found eight at a time, since nearly all do.
    private static func plainLength(_ utf8: UnsafeRawBufferPointer, from start: Int) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var place = start
        while place + 8 <= utf8.count {
            let word = utf8.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let (quotes, backslashes) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
            // A high bit is set for each byte below 0x20, 0x01 and 0x01, and, after such a byte, perhaps for the next: then the loop
            // below looks again.
            let found =
                ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
            if found & highs != 0 { break }
            place += 8
        }
        while place < utf8.count, utf8[place] >= 0x20, utf8[place] != 0x22, utf8[place] != 0x5C { place += 1 }
        return place - start
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22: raw("\\\"")
        case 0x5C: raw("\\\\")
        case 0x08: raw("\\b")
        case 0x09: raw("\\t")
        case 0x0A: raw("\\n")
        case 0x0C: raw("\\f")
        case 0x0D: raw("\\r")
        default:
            raw("\\u00")
            let digits: StaticString = "0123456789abcdef"
            bytes.append(digits.utf8Start[Int(byte >> 4)])
            bytes.append(digits.utf8Start[Int(byte & 0xF)])
        }
    }
}
