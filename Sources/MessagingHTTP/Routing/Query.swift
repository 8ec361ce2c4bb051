import Messaging

/// The query parameters that mean something here; all others are ignored.
public struct Query: Equatable, Sendable {
    /// Their names.
    enum Parameter: String, CaseIterable {
        case since, before, limit, messages
        case userID = "userId"
    }

    /// Only what changed after this cursor.
    public private(set) var since: String?
    /// Only what comes before this cursor.
    public private(set) var before: String?
    /// The most entries to return, 1–500.
    public private(set) var limit: Int?
    /// How many messages to embed in each conversation, 0–100.
    public private(set) var messages: Int?
    /// The caller, in demo identity.
    public private(set) var userID: String?

    static let limits = 1...500
    static let embeddedMessages = 0...100

    /// Reads the part of a target after `?`.
    ///
    /// - Throws: `malformed-request`, naming the parameter at fault.
    public init(_ query: ArraySlice<UInt8>) throws(Problem) {
        guard !query.isEmpty else { return }
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1] : []
            switch PercentEncoding.decode(parts[0], plusIsSpace: true).flatMap(Parameter.init(rawValue:)) {
            case .since: try Self.set(&since, .since, value)
            case .before: try Self.set(&before, .before, value)
            case .userID: try Self.set(&userID, .userID, value)
            case .limit: try Self.set(&limit, .limit, value, Self.limits)
            case .messages: try Self.set(&messages, .messages, value, Self.embeddedMessages)
            case nil: break
            }
        }
        guard since == nil || before == nil else {
            throw Problem(.malformedRequest, "since and before exclude each other.")
        }
    }

    /// Reads only the caller's id, of a query with any other parameters.
    init(callerIn query: ArraySlice<UInt8>) {
        for pair in query.split(separator: UInt8(ascii: "&")) where pair.starts(with: "userId=".utf8) {
            userID = PercentEncoding.decode(pair.dropFirst("userId=".utf8.count), plusIsSpace: true)
        }
    }

    private static func set(_ field: inout String?, _ name: Parameter, _ value: ArraySlice<UInt8>) throws(Problem) {
        guard field == nil else { throw Problem(.malformedRequest, "\(name.rawValue) is given twice.") }
        guard let text = PercentEncoding.decode(value, plusIsSpace: true) else {
            throw Problem(.malformedRequest, "\(name.rawValue) is not percent-encoded UTF-8.")
        }
        field = text
    }

    private static func set(
        _ field: inout Int?, _ name: Parameter, _ value: ArraySlice<UInt8>, _ range: ClosedRange<Int>
    ) throws(Problem) {
        var text: String?
        guard field == nil else { throw Problem(.malformedRequest, "\(name.rawValue) is given twice.") }
        try set(&text, name, value)
        guard let text, let number = DecimalNumber.parse(text.utf8).flatMap(Int.init(exactly:)), range.contains(number)
        else {
            throw Problem(
                .malformedRequest,
                "\(name.rawValue) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        field = number
    }
}
