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
        var bytes: [UInt8] = []
        appendRFC3339(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 24 bytes of ``rfc3339``.
    public func appendRFC3339(to bytes: inout [UInt8]) {
        let rest = (milliseconds % Self.millisecondsPerDay + Self.millisecondsPerDay) % Self.millisecondsPerDay
        let date = CivilDate(daysSince1970: (milliseconds - rest) / Self.millisecondsPerDay)
        let separators: StaticString = "0000-00-00T00:00:00.000Z"
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { text in
            text.copyMemory(from: UnsafeRawBufferPointer(start: separators.utf8Start, count: 24))
            func put(_ number: Int64, endingAt end: Int, _ width: Int) {
                var rest = UInt32(truncatingIfNeeded: number)
                for place in stride(from: end, to: end - width, by: -1) {
                    text[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
            }
            put(date.year, endingAt: 3, 4)
            put(date.month, endingAt: 6, 2)
            put(date.day, endingAt: 9, 2)
            put(rest / 3_600_000, endingAt: 12, 2)
            put(rest / 60_000 % 60, endingAt: 15, 2)
            put(rest / 1000 % 60, endingAt: 18, 2)
            put(rest % 1000, endingAt: 22, 3)
            bytes.append(contentsOf: text)
        }
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
