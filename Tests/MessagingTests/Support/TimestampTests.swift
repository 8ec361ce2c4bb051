import Foundation
import Messaging
import TestSupport
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "a moment is written in UTC with milliseconds, and comes back from its text",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_733_049_000_000, "2024-12-01T10:30:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (1_709_251_199_007, "2024-02-29T23:59:59.007Z"),
        ])
    func pinned(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test("what lies outside the years 0000–9999 becomes their nearest end")
    func clamped() {
        #expect(Timestamp(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
    }

    @Test("random moments are written as Foundation writes them, and come back")
    func likeFoundation() {
        var chance = Generator(seed: 7)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        // Foundation goes over to the Julian calendar before 1582.
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -11_676_096_000...253_402_300_799, using: &chance)
            // Halves and quarters are exact in the binary fractions of a Date.
            let milliseconds = seconds * 1000 + [0, 250, 500, 750][Int.random(in: 0..<4, using: &chance)]
            let text = Timestamp(milliseconds: milliseconds).rfc3339
            #expect(text == style.format(Date(timeIntervalSince1970: Double(milliseconds) / 1000)))
            #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
        }
    }

    @Test("every day of four centuries comes back, and each is a day after the one before")
    func everyDay() {
        var expected = (year: 1600, month: 1, day: 1)
        let start: Int64 = -11_676_096_000_000
        for day in 0..<146_097 as Range<Int64> {
            let text = Timestamp(milliseconds: start + day * 86_400_000).rfc3339
            let (year, month, date) = expected
            let padded = [month, date].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
            guard text == "\(year)-\(padded)T00:00:00.000Z" else {
                Issue.record("\(text) is not \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            if date < length {
                expected.day += 1
            } else {
                expected = month < 12 ? (year, month + 1, 1) : (year + 1, 1, 1)
            }
        }
        #expect(expected == (2000, 1, 1))
    }

    @Test(
        "A timestamp is read with any offset and any fraction",
        arguments: [
            ("2024-12-01T11:30:00+01:00", "2024-12-01T10:30:00.000Z"),
            ("2024-12-01T00:30:00-05:45", "2024-12-01T06:15:00.000Z"),
            ("2024-03-01T00:15:00+00:30", "2024-02-29T23:45:00.000Z"),
            ("2024-12-01t10:30:00z", "2024-12-01T10:30:00.000Z"),
            ("2024-12-01 10:30:00Z", "2024-12-01T10:30:00.000Z"),
            ("2024-12-01T10:30:00.1Z", "2024-12-01T10:30:00.100Z"),
            ("2024-12-01T10:30:00.12Z", "2024-12-01T10:30:00.120Z"),
            ("2024-12-01T10:30:00.123999999Z", "2024-12-01T10:30:00.123Z"),
            ("2024-12-01T10:30:00-00:00", "2024-12-01T10:30:00.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ])
    func understood(text: String, moment: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == moment)
    }

    @Test(
        "A timestamp on a day that does not exist is refused, and on a leap day that does is read",
        arguments: [
            ("2023-02-29", false), ("2024-02-29", true), ("1900-02-29", false), ("2000-02-29", true),
            ("2024-02-30", false), ("2024-04-31", false), ("2024-00-10", false), ("2024-13-10", false),
            ("2024-01-00", false), ("2024-01-32", false), ("0000-02-29", true),
        ])
    func days(date: String, exists: Bool) {
        #expect((Timestamp(rfc3339: "\(date)T12:00:00Z") != nil) == exists)
    }

    @Test(
        "Text that is no timestamp is refused",
        arguments: [
            "", "now", "2024-12-01", "2024-12-01T10:30:00", "2024-12-01T10:30Z", "2024-12-01T24:00:00Z",
            "2024-12-01T10:60:00Z", "2024-12-01T10:30:61Z", "2024-12-01T10:30:00.Z", "2024-12-01T10:30:00,5Z",
            "2024-12-01T10:30:00+1:00", "2024-12-01T10:30:00+0100", "2024-12-01T10:30:00+24:00",
            "2024-12-01T10:30:00+01:60", "2024-12-01T10:30:00ZZ", " 2024-12-01T10:30:00Z", "2024-12-01T10:30:00Z ",
            "2024-12-1T10:30:00Z", "+2024-12-01T10:30:00Z", "-001-12-01T10:30:00Z", "12024-12-01T10:30:00Z",
            "2024-12-01T-1:30:00Z", "２０２４-12-01T10:30:00Z", "2024-12-01T10:30:00Z\u{301}", "1733049000000",
            "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        ])
    func rubbish(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}
