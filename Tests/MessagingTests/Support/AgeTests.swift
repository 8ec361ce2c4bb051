import Messaging
import Testing

@Suite("Ages")
struct AgeTests {
    @Test(
        "an age is counted back on the calendar",
        arguments: [
            ("1d", "2024-03-30T10:30:00.250Z"), ("2w", "2024-03-17T10:30:00.250Z"), ("1m", "2024-02-29T10:30:00.250Z"),
            ("13m", "2023-02-28T10:30:00.250Z"), ("4m", "2023-11-30T10:30:00.250Z"), ("3m", "2023-12-31T10:30:00.250Z"),
            ("2y", "2022-03-31T10:30:00.250Z"), ("9999y", "0000-01-01T00:00:00.000Z"),
        ])
    func before(age: String, moment: String) throws {
        let now = try #require(Timestamp(rfc3339: "2024-03-31T10:30:00.250Z"))
        #expect(try #require(Age(age)).before(now).rfc3339 == moment)
    }

    @Test(
        "Text that is no count and unit is no age",
        arguments: ["", "y", "1", "0d", "-1d", "+1d", "01d", "1.5y", "1 y", "2Y", "10000y", "2yy"])
    func other(text: String) {
        #expect(Age(text) == nil)
    }
}
