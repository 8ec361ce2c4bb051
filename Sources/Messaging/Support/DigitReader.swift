/// Reads the parts of an RFC 3339 date-time (section 5.6) one after the other.
struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// A number of exactly so many digits.
    mutating func number(_ width: Int) -> Int64? {
        guard rest.count >= width else { return nil }
        var number: Int64 = 0
        for digit in rest.prefix(width) {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - 0x30)
        }
        rest = rest.dropFirst(width)
        return number
    }

    /// One of these characters.
    mutating func skip(_ characters: Unicode.Scalar...) -> Bool {
        guard let next = rest.first, characters.contains(Unicode.Scalar(next)) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// An optional fraction of a second, cut to milliseconds.
    mutating func milliseconds() -> Int64? {
        guard skip(".") else { return 0 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.prefix(3).reduce(0) { $0 * 10 + Int64($1 - 0x30) } * [100, 10, 1][min(digits.count, 3) - 1]
    }

    /// `Z` or an offset from UTC.
    mutating func offsetMinutes() -> Int64? {
        if skip("Z", "z") { return 0 }
        let sign: Int64 = rest.first == 0x2D ? -1 : 1
        guard skip("+", "-"), let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
