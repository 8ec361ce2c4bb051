/// How old something is, on the calendar: `30d`, `12w`, `18m` or `2y`.
public struct Age: Equatable, Sendable {
    private enum Unit: Character {
        case day = "d"
        case week = "w"
        case month = "m"
        case year = "y"
    }

    private let count: Int64
    private let unit: Unit

    /// Takes a number from 1 to 9999 and a unit; nil for any other text.
    public init?(_ text: String) {
        guard let unit = text.last.flatMap(Unit.init), let count = DecimalNumber.parse(text.utf8.dropLast()),
            (1...9999).contains(count)
        else { return nil }
        self.count = count
        self.unit = unit
    }

    /// The text that it is made of.
    public var text: String { "\(count)\(unit.rawValue)" }

    /// The moment that was this long ago; from the end of a month, the end of a shorter one.
    public func before(_ moment: Timestamp) -> Timestamp {
        switch unit {
        case .day: moment.moved(days: -count)
        case .week: moment.moved(days: -7 * count)
        case .month: moment.moved(months: -count)
        case .year: moment.moved(months: -12 * count)
        }
    }
}

extension Timestamp {
    private static let millisecondsPerDay: Int64 = 86_400_000

    fileprivate func moved(days: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + days * Self.millisecondsPerDay)
    }

    fileprivate func moved(months: Int64) -> Timestamp {
        let (day, rest) = milliseconds.flooredQuotientAndRemainder(Self.millisecondsPerDay)
        let date = CivilDate(daysSince1970: day)
        let (year, month) = (date.year * 12 + date.month - 1 + months).flooredQuotientAndRemainder(12)
        let dates = (0...3).lazy.compactMap { CivilDate(year: year, month: month + 1, day: date.day - $0) }
        // Every month has 28 days, and none has more than three besides.
        guard let moved = dates.first else { preconditionFailure("a month without its 28th day") }
        return Timestamp(milliseconds: moved.daysSince1970 * Self.millisecondsPerDay + rest)
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(_ divisor: Int64) -> (Int64, Int64) {
        let remainder = (self % divisor + divisor) % divisor
        return ((self - remainder) / divisor, remainder)
    }
}
