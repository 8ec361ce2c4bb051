import Messaging
import Synchronization

/// All read replicas: each page goes to the next one that is not left alone.
final class ReadReplicas: Sendable {
    private struct Counts {
        var pages = 0
        var misses: [ReplicaMiss: Int] = [:]
        var next = 0
    }

    private let replicas: [ReadReplica]
    private let counts = Mutex(Counts())

    /// Begins to connect to all of them.
    init(
        addresses: [PostgresAddress], interrupt: PostgresInterrupt, changed: (@Sendable (ReplicaTransition) -> Void)?
    ) {
        replicas = addresses.map { ReadReplica(address: $0, interrupt: interrupt, changed: changed) }
        for replica in replicas { replica.connect() }
    }

    /// What was read from them, for metrics.
    var statistics: ReplicaStatistics {
        let counts = counts.withLock { $0 }
        return ReplicaStatistics(
            replicas: replicas.map { ($0.place, $0.isUp) }, pages: counts.pages, misses: counts.misses)
    }

    /// Ends all connections.
    func close() {
        for replica in replicas { replica.close() }
    }

    /// Reads a page from one of them, and makes an answer of it; nil where the primary has to be asked.
    func messages<Answer: Sendable>(
        of page: ReplicaPage, in history: History, make: @escaping @Sendable (PackedMessages) -> Answer?
    ) async -> Answer? {
        guard !replicas.isEmpty else { return nil }
        let result = await next()?.messages(of: page, in: history, make: make) ?? .failure(.paused)
        switch result {
        case .success(let answer):
            counts.withLock { $0.pages += 1 }
            return answer
        case .failure(let miss):
            counts.withLock { $0.misses[miss, default: 0] += 1 }
            return nil
        }
    }

    private func next() -> ReadReplica? {
        let start = counts.withLock { counts in
            counts.next = (counts.next + 1) % replicas.count
            return counts.next
        }
        let order = replicas[start...] + replicas[..<start]
        return order.first { !$0.isPaused }
    }
}

/// What read replicas were used for, for metrics.
public struct ReplicaStatistics: Sendable {
    /// Each one's database and server, and whether the last attempt to connect to it or to read from it succeeded.
    public let replicas: [(place: String, isUp: Bool)]
    /// How many pages came from one of them since the start.
    public let pages: Int
    /// How many pages the primary was asked for instead, by reason.
    public let misses: [ReplicaMiss: Int]
}
