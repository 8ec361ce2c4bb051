import ArgumentParser
import Foundation
import Messaging

/// The options for removing old messages while the server runs.
struct RetentionOptions: ParsableArguments {
    @Option(
        help: """
            Remove messages that are older: a number and d, w, m or y, such as 2y; or forever. Tenants with a rule of their own, see \
            "postbox retention", keep that.
            """,
        transform: Retention.argument)
    var retain = Retention.forever

    @Option(
        help:
            "The hours of the day, in local time, in which old messages are removed: from one to another, such as 22-4.",
        transform: HoursOfDay.argument)
    var retainHours = HoursOfDay.standard
}

/// A part of each day, in whole hours.
struct HoursOfDay: Equatable, Sendable, CustomStringConvertible {
    /// From one o'clock at night to five.
    static let standard = HoursOfDay(from: 1, to: 5)

    /// The first hour, 0 to 23.
    let from: Int
    /// The hour at whose beginning it ends, 1 to 24; where it is not after the first, on the next day.
    let to: Int

    init(from: Int, to: Int) {
        (self.from, self.to) = (from, to)
    }

    /// Takes two numbers with a hyphen between them, such as `1-5`; nil for any other text, and where both are the same.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let from = parts[0], let to = parts[1], (0...23).contains(from), (1...24).contains(to),
            from != to
        else { return nil }
        self.init(from: from, to: to)
    }

    /// Whether an hour of the day lies in it.
    func contains(_ hour: Int) -> Bool {
        from < to ? (from..<to).contains(hour) : hour >= from || hour < to
    }

    var description: String { "\(from)-\(to)" }

    static func argument(_ text: String) throws -> HoursOfDay {
        guard let hours = HoursOfDay(text) else {
            throw ValidationError(
                "it takes two different hours with a hyphen between them, from 0-1 to 23-24, such as 1-5 or 22-4")
        }
        return hours
    }
}

extension Retention {
    /// Reads it from the command line.
    static func argument(_ text: String) throws -> Retention {
        guard let retention = Retention(text) else {
            throw ValidationError(
                "it takes forever, or a number from 1 to 9999 and a unit: d for days, w for weeks, m for months or y for years, such as 2y"
            )
        }
        return retention
    }
}
