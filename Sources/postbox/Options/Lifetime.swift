import ArgumentParser
import Messaging

/// How long something is good: `90s`, `15m`, `1h` or `30d`.
struct Lifetime: Equatable {
    static let hour = Lifetime(seconds: 3600)

    /// Its length, at least 1.
    let seconds: Int64

    private init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Takes a number from 1 to 9999 and a unit; nil for any other text.
    init?(_ text: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = DecimalNumber.parse(text.utf8.dropLast()),
            (1...9999).contains(count)
        else { return nil }
        seconds = count * unit
    }

    /// Reads one from the command line.
    static func argument(_ text: String) throws -> Lifetime {
        guard let lifetime = Lifetime(text) else {
            throw ValidationError(
                "it takes a number from 1 to 9999 and a unit: s, m, h or d, such as 90s, 15m, 1h or 30d")
        }
        return lifetime
    }
}

extension Lifetime: CustomStringConvertible {
    /// As the help shows a default.
    var description: String {
        seconds.isMultiple(of: 3600) ? "\(seconds / 3600)h" : "\(seconds)s"
    }
}
