import Synchronization

/// An origin whose pages were refused, for an operator who may have meant to allow them.
public struct RefusedOrigin: Sendable, Equatable {
    /// The origin as the browser sent it.
    public let origin: String
    /// The flag that would allow it.
    public let remedy: String
    /// How many refusals were not reported since the last report, because there were too many origins.
    public let others: Int
}

/// Reports each refused origin once an hour, up to a number of origins in an hour: clients can invent origins.
final class RefusedOrigins: Sendable {
    private struct State {
        /// When each was told, in nanoseconds.
        var told: [String: Int64] = [:]
        var others = 0
    }

    private static let hour: Int64 = 3_600_000_000_000

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: the most origins that are reported within an hour.
    init(capacity: Int = 100) {
        self.capacity = capacity
    }

    /// The report of a refusal; nil where the origin was reported already, or there are too many.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    func take(_ origin: ArraySlice<UInt8>, now: Int64) -> RefusedOrigin? {
        let text = String(decoding: origin.prefix(400), as: UTF8.self)
        return state.withLock { state in
            if let before = state.told[text], now - before < Self.hour { return nil }
            guard let remedy = Self.remedy(for: text) else { return nil }
            if state.told.count >= capacity { state.told = state.told.filter { now - $0.value < Self.hour } }
            guard state.told.count < capacity else {
                state.others += 1
                return nil
            }
            state.told[text] = now
            defer { state.others = 0 }
            return RefusedOrigin(origin: text, remedy: remedy, others: state.others)
        }
    }

    /// The flag that would allow an origin; nil for what no browser sends.
    private static func remedy(for origin: String) -> String? {
        // Only with all others can it be allowed to read.
        if origin == "null" { return "--cors-origin '*'" }
        return (try? WebOrigin(origin)).map { "--cors-origin \($0.text)" }
    }
}
