/// The one way numbers are read from options, ids, cursors and queries: ASCII digits, no sign, no leading zero, no overflow.
///
/// Each number has one text, so that two ids or cursors are equal where their texts are. The numbers in the framing of a request follow
/// the grammar of HTTP instead, which allows leading zeros.
public enum DecimalNumber {
    /// Reads a number from 0 to 2^63 − 1; nil for any other text.
    public static func parse(_ digits: some Collection<UInt8>) -> Int64? {
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tenfold, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tenfold.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { return nil }
            number = sum
        }
        return number
    }
}
