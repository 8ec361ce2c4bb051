import HTTP
import Synchronization

/// How many connections each client network has, over all loops: what the library counts, it counts for each loop alone.
final class AddressCounts: Sendable {
    private let limit: Int
    private let isUncounted: @Sendable (String) -> Bool
    private let counts = Mutex<[ClientNetwork: Int]>([:])

    init(limit: Int, isUncounted: @escaping @Sendable (String) -> Bool) {
        self.limit = limit
        self.isUncounted = isUncounted
    }

    /// Counts a new connection; returns whether it exceeds the limit.
    func opened(from address: String) -> Bool {
        guard limit > 0, !isUncounted(address) else { return false }
        let network = ClientNetwork(of: address)
        return counts.withLock { counts in
            counts[network, default: 0] += 1
            return counts[network, default: 0] > limit
        }
    }

    /// Uncounts a closed connection.
    func closed(from address: String) {
        guard limit > 0, !isUncounted(address) else { return }
        let network = ClientNetwork(of: address)
        counts.withLock { counts in
            let left = (counts[network] ?? 0) - 1
            counts[network] = left > 0 ? left : nil
        }
    }
}
