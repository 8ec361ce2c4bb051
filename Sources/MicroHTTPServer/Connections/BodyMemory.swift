import HTTP
import Synchronization

/// Counts the bytes of all request bodies that are incoming or wait for their answer, over all loops and for each source, and limits
/// them.
///
/// A source may have a sixteenth of the limit, so that it cannot block other sources. Its only body may be larger.
final class BodyMemory: Sendable {
    private struct State {
        var used = 0
        var peak = 0
        var sources: [RequestSource: Int] = [:]
    }

    /// The part of it that one source may have.
    private static let sources = 16

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    private var limitOfEach: Int { limit / Self.sources }

    /// How many bytes there are.
    var used: Int { state.withLock { $0.used } }

    /// The most bytes there were since the last call.
    func takePeak() -> Int {
        state.withLock { state in
            defer { state.peak = state.used }
            return state.peak
        }
    }

    /// Whether the limit of this source is reached.
    func isExhausted(for source: RequestSource) -> Bool {
        state.withLock { $0.used >= limit || $0.sources[source, default: 0] >= limitOfEach }
    }

    /// Reserves bytes for a body; returns false, and reserves none, where the limit would be exceeded.
    ///
    /// - Parameter known: how many that body has taken before.
    func take(_ bytes: Int, after known: Int, from source: RequestSource) -> Bool {
        state.withLock { state in
            let own = state.sources[source, default: 0]
            guard state.used + bytes <= limit, own == known || own + bytes <= limitOfEach else { return false }
            state.used += bytes
            state.peak = max(state.peak, state.used)
            state.sources[source] = own + bytes
            return true
        }
    }

    /// Releases bytes of a body.
    func giveBack(_ bytes: Int, of source: RequestSource) {
        guard bytes > 0 else { return }
        state.withLock { state in
            state.used -= bytes
            let left = state.sources[source, default: 0] - bytes
            state.sources[source] = left > 0 ? left : nil
        }
    }
}
