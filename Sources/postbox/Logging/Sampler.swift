import Synchronization

/// Takes a share of what comes along, evenly spread: of any number in a row, as many as the share says, give or take one.
final class Sampler: Sendable {
    private let share: Double
    private let seen = Mutex(0)

    /// - Parameter share: from 0 for none to 1 for all.
    init(share: Double) {
        self.share = share
    }

    /// Whether the next one is taken; any thread may ask.
    func takes() -> Bool {
        guard share < 1 else { return true }
        return seen.withLock { seen in
            let before = (Double(seen) * share).rounded(.down)
            seen += 1
            return (Double(seen) * share).rounded(.down) > before
        }
    }
}
