import Synchronization

/// How many connections each address has, over all loops: what the library counts, it counts for each loop alone.
final class AddressCounts: Sendable {
    private let limit: Int
    private let isUncounted: @Sendable (String) -> Bool
    private let counts = Mutex<[String: Int]>([:])

    init(limit: Int, isUncounted: @escaping @Sendable (String) -> Bool) {
        self.limit = limit
        self.isUncounted = isUncounted
    }

    /// Counts a new connection; answers whether it is one too many.
    func opened(from address: String) -> Bool {
        guard limit > 0, !isUncounted(address) else { return false }
        return counts.withLock { counts in
            counts[address, default: 0] += 1
            return counts[address, default: 0] > limit
        }
    }

    /// Counts a connection no more.
    func closed(from address: String) {
        guard limit > 0, !isUncounted(address) else { return }
        counts.withLock { counts in
            let left = (counts[address] ?? 0) - 1
            counts[address] = left > 0 ? left : nil
        }
    }
}
