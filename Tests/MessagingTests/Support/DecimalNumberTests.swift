import Messaging
import TestSupport
import Testing

@Suite("Numbers from outside")
struct DecimalNumberTests {
    @Test(
        "ASCII digits are a number up to 2^63 − 1",
        arguments: [("0", 0), ("7", 7), ("10", 10), ("9223372036854775807", Int64.max)])
    func numbers(text: String, number: Int64) {
        #expect(DecimalNumber.parse(text.utf8) == number)
    }

    @Test(
        "Text with anything but digits is no number",
        arguments: [
            "", "00", "01", "-1", "+1", "-0", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "٣", "１", "1\u{301}",
            "9223372036854775808", "9223372036854775810", "18446744073709551616", "99999999999999999999999999",
        ])
    func rubbish(text: String) {
        #expect(DecimalNumber.parse(text.utf8) == nil)
    }

    @Test("every number comes back from its text")
    func roundTrip() {
        var chance = Generator(seed: 1)
        for _ in 0..<1000 {
            let number = Int64.random(in: 0...Int64.max >> Int64.random(in: 0...62, using: &chance), using: &chance)
            #expect(DecimalNumber.parse(String(number).utf8) == number)
        }
    }
}
