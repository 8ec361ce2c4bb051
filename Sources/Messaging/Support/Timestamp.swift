/// A moment for display, in milliseconds since 1970-01-01T00:00:00Z; nothing is ever ordered by it.
public struct Timestamp: Hashable, Sendable {
    /// Milliseconds since 1970, leap seconds not counted, within the years 0000–9999.
    public let milliseconds: Int64

    private static let millisecondsPerDay: Int64 = 86_400_000
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Takes milliseconds since 1970; what lies outside the years 0000–9999 becomes the nearest end of them.
    public init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// The moment in RFC 3339, in UTC, with milliseconds: `2024-12-01T10:30:00.000Z`.
    public var rfc3339: String {
        withUnsafeTemporaryAllocation(byteCount: Self.dateLength + Self.timeLength, alignment: 1) { text in
            if let start = text.baseAddress {
                let (day, time) = dayAndTime
                Self.writeDate(ofDay: day, to: start)
                Self.writeTime(time, to: start + Self.dateLength)
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// How many bytes a date has, `2024-12-01T`.
    public static let dateLength = 11
    /// How many bytes the time of a day has, `10:30:00.000Z`.
    public static let timeLength = 13

    /// The number of its day in UTC, counted from 1970-01-01, and the milliseconds since that day began.
    public var dayAndTime: (day: Int64, time: UInt32) {
        var day = milliseconds / Self.millisecondsPerDay
        if milliseconds < day * Self.millisecondsPerDay { day -= 1 }
        return (day, UInt32(truncatingIfNeeded: milliseconds - day * Self.millisecondsPerDay))
    }

    /// Writes the first ``dateLength`` bytes of ``rfc3339``.
    public static func writeDate(ofDay day: Int64, to text: UnsafeMutableRawPointer) {
        let date = CivilDate(daysSince1970: day)
        let separators: StaticString = "0000-00-00T"
        text.copyMemory(from: separators.utf8Start, byteCount: dateLength)
        let year = UInt32(truncatingIfNeeded: date.year)
        write(year / 100, to: text)
        write(year % 100, to: text + 2)
        write(UInt32(truncatingIfNeeded: date.month), to: text + 5)
        write(UInt32(truncatingIfNeeded: date.day), to: text + 8)
    }

    /// Writes the last ``timeLength`` bytes of ``rfc3339``.
    ///
    /// - Parameter time: the milliseconds since the day began.
    public static func writeTime(_ time: UInt32, to text: UnsafeMutableRawPointer) {
        let separators: StaticString = "00:00:00.000Z"
        text.copyMemory(from: separators.utf8Start, byteCount: timeLength)
        write(time / 3_600_000, to: text)
        write(time / 60_000 % 60, to: text + 3)
        write(time / 1000 % 60, to: text + 6)
        write(time % 1000 / 10, to: text + 9)
        text.storeBytes(of: 0x30 + UInt8(truncatingIfNeeded: time % 10), toByteOffset: 11, as: UInt8.self)
    }

    /// Writes two digits.
    private static func write(_ number: UInt32, to text: UnsafeMutableRawPointer) {
        let digits = UInt16(truncatingIfNeeded: 0x3030 + number / 10 + (number % 10) << 8)
        text.storeBytes(of: digits.littleEndian, as: UInt16.self)
    }

    /// Reads a moment in RFC 3339 with any offset; digits beyond milliseconds are dropped. Nil for any other text.
    public init?(rfc3339 text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), reader.skip("T", "t", " "), let hour = reader.number(2), reader.skip(":"),
            let minute = reader.number(2), reader.skip(":"), let second = reader.number(2),
            let fraction = reader.milliseconds(), let offset = reader.offsetMinutes(), reader.isAtEnd,
            let date = CivilDate(year: year, month: month, day: day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let minutes = (date.daysSince1970 * 24 + hour) * 60 + minute - offset
        let milliseconds = (minutes * 60 + second) * 1000 + fraction
        guard Self.range.contains(milliseconds) else { return nil }
        self.milliseconds = milliseconds
    }
}

/// A date of the Gregorian calendar, extended backwards.
///
/// Foundation's formatters take microseconds and a lock for what is a few divisions; this runs for every message rendered.
struct CivilDate: Equatable {
    let year: Int64
    let month: Int64
    let day: Int64

    /// Counts years from March, so that the leap day comes last and months have a regular length
    /// (E. M. Reingold and N. Dershowitz, "Calendrical Calculations").
    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Takes a date that exists; nil for the 30th of February and the like.
    init?(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        guard CivilDate(daysSince1970: daysSince1970) == self else { return nil }
    }

    var daysSince1970: Int64 {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = (yearFromMarch >= 0 ? yearFromMarch : yearFromMarch - 399) / 400
        let yearOfEra = yearFromMarch - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Reads the parts of an RFC 3339 date-time (section 5.6) one after the other.
struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// A number of exactly the given number of digits.
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
