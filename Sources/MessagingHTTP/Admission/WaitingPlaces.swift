import Messaging
import Synchronization

/// Counts the requests that wait for a change, in all and for each caller, and limits them.
public final class WaitingPlaces: Sendable {
    /// The place of one request; given back when it is no longer referenced, that is, when the wait is over.
    final class Place: Sendable {
        private let places: WaitingPlaces
        private let caller: Caller
        private let reads = Atomic<Int>(0)

        fileprivate init(of places: WaitingPlaces, for caller: Caller) {
            self.places = places
            self.caller = caller
        }

        deinit { places.giveBack(caller) }

        /// Counts that the store was read for it while it waited; returns how often that has been.
        func countRead() -> Int { reads.add(1, ordering: .relaxed).newValue }
    }

    private struct State {
        var taken = 0
        var callers: [Caller: Int] = [:]
    }

    private let limitOfEach: Int
    private let limit: Int
    private let refusals = Atomic<Int>(0)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limitOfEach: the most for one caller.
    ///   - limit: the most in all.
    init(limitOfEach: Int, limit: Int) {
        self.limitOfEach = limitOfEach
        self.limit = limit
    }

    /// How many requests wait.
    public var taken: Int { state.withLock { $0.taken } }

    /// How often a request was answered at once because there was no place for it, since the start.
    public var refused: Int { refusals.load(ordering: .relaxed) }

    /// Takes a place; nil where there is none left.
    func take(for caller: Caller) -> Place? {
        let isTaken = state.withLock { state in
            let own = state.callers[caller] ?? 0
            guard own < limitOfEach, state.taken < limit else { return false }
            state.taken += 1
            state.callers[caller] = own + 1
            return true
        }
        guard isTaken else {
            refusals.add(1, ordering: .relaxed)
            return nil
        }
        return Place(of: self, for: caller)
    }

    private func giveBack(_ caller: Caller) {
        state.withLock { state in
            state.taken -= 1
            let left = (state.callers[caller] ?? 0) - 1
            state.callers[caller] = left > 0 ? left : nil
        }
    }
}
