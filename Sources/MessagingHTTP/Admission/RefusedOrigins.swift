import Synchronization

/// An origin whose pages were refused, for an operator who may have meant to allow them.
package struct RefusedOrigin: Sendable, Equatable {
    /// The origin as the browser sent it.
    package let origin: String
    /// What would have to be on the command line.
    package let remedy: String
    /// How many refusals were left out since the last one that was told, because there were too many origins.
    package let others: Int
}

/// Tells of each refused origin once an hour, and of so many in an hour: whoever asks can make origins up.
final class RefusedOrigins: Sendable {
    private struct State {
        /// When each was told, in nanoseconds.
        var told: [String: Int64] = [:]
        var others = 0
    }

    private static let hour: Int64 = 3_600_000_000_000

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: the most origins to tell of within an hour.
    init(capacity: Int = 100) {
        self.capacity = capacity
    }

    /// What is to be told of a refusal; nil where it is nothing new, or there are too many.
    ///
    /// - Parameter now: nanoseconds of a clock that never goes back.
    func take(_ origin: ArraySlice<UInt8>, now: Int64) -> RefusedOrigin? {
        let text = String(decoding: origin.prefix(400), as: UTF8.self)
        guard let remedy = Self.remedy(for: text) else { return nil }
        return state.withLock { state in
            if let before = state.told[text], now - before < Self.hour { return nil }
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
