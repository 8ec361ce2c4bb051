import Messaging

/// Writes JSON (RFC 8259) into memory without bounds checks: the caller has made sure that the memory is large enough.
struct UnsafeJSONWriter {
    private(set) var place: UnsafeMutableRawPointer
    /// Where the moment written last stands: those of one day, as most of a conversation are, have the same date.
    private var lastMoment: (day: Int64, text: UnsafeMutableRawPointer)?

    init(at place: UnsafeMutableRawPointer) {
        self.place = place
    }

    /// Writes text that is JSON already.
    @inline(__always)
    mutating func raw(_ text: StaticString) {
        raw(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes bytes that are JSON already.
    @inline(__always)
    mutating func raw(_ text: UnsafeRawBufferPointer) {
        guard let start = text.baseAddress else { return }
        place.copyMemory(from: start, byteCount: text.count)
        place += text.count
    }

    /// The most bytes of a number.
    static let longestNumber = 20

    /// Writes a whole number.
    mutating func number(_ number: Int64) {
        var rest = number.magnitude
        if number < 0 { byte(UInt8(ascii: "-")) }
        let count = Self.digits(of: rest)
        for digit in stride(from: count - 1, through: 0, by: -1) {
            place.storeBytes(of: 0x30 + UInt8(truncatingIfNeeded: rest % 10), toByteOffset: digit, as: UInt8.self)
            rest /= 10
        }
        place += count
    }

    /// How many bytes a number has.
    static func length(of number: Int64) -> Int { digits(of: number.magnitude) + (number < 0 ? 1 : 0) }

    private static func digits(of number: UInt64) -> Int {
        var (count, limit) = (1, UInt64(10))
        while number >= limit {
            count += 1
            let next = limit.multipliedReportingOverflow(by: 10)
            if next.overflow { break }
            limit = next.partialValue
        }
        return count
    }

    /// Writes a moment with its quotes.
    mutating func timestamp(_ timestamp: Timestamp) {
        let (day, time) = timestamp.dayAndTime
        byte(UInt8(ascii: "\""))
        if let lastMoment, lastMoment.day == day {
            place.copyMemory(from: lastMoment.text, byteCount: Timestamp.dateLength)
        } else {
            Timestamp.writeDate(ofDay: day, to: place)
        }
        Timestamp.writeTime(time, to: place + Timestamp.dateLength)
        lastMoment = (day, place)
        place += Timestamp.dateLength + Timestamp.timeLength
        byte(UInt8(ascii: "\""))
    }

    /// Writes a string with its quotes.
    mutating func string(_ text: JSONText) {
        byte(UInt8(ascii: "\""))
        stringContent(text)
        byte(UInt8(ascii: "\""))
    }

    /// Writes what stands between the quotes of a string.
    mutating func stringContent(_ text: JSONText) {
        if text.isPlain { raw(text.utf8) } else { for byte in text.utf8 { escape(byte) } }
    }

    /// How many bytes a byte of a string takes.
    static func length(of byte: UInt8) -> Int {
        switch byte {
        case 0x22, 0x5C, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
        case 0..<0x20: 6
        default: 1
        }
    }

    /// Writes a byte of a string; only quote, backslash and control characters are escaped (RFC 8259, section 7).
    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22: raw("\\\"")
        case 0x5C: raw("\\\\")
        case 0x08: raw("\\b")
        case 0x09: raw("\\t")
        case 0x0A: raw("\\n")
        case 0x0C: raw("\\f")
        case 0x0D: raw("\\r")
        case 0..<0x20:
            raw("\\u00")
            let digits: StaticString = "0123456789abcdef"
            self.byte(digits.utf8Start[Int(byte >> 4)])
            self.byte(digits.utf8Start[Int(byte & 0xF)])
        default: self.byte(byte)
        }
    }

    private mutating func byte(_ byte: UInt8) {
        place.storeBytes(of: byte, as: UInt8.self)
        place += 1
    }
}

/// Text in UTF-8 that is to become a string in JSON; it lies elsewhere.
struct JSONText {
    let utf8: UnsafeRawBufferPointer
    /// How many bytes it takes between its quotes.
    let size: Int

    /// - Parameter isPlain: whether it is known to be plain.
    init(_ utf8: UnsafeRawBufferPointer, isPlain: Bool = false) {
        self.utf8 = utf8
        size = isPlain || PlainText.isPlain(utf8) ? utf8.count : utf8.reduce(0) { $0 + UnsafeJSONWriter.length(of: $1) }
    }

    /// Whether every byte stands for itself, as in nearly all texts.
    var isPlain: Bool { size == utf8.count }
}
