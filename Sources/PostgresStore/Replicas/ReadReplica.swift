import Messaging
import StoreWork
import Synchronization

/// A standby that older pages are read from, on connections of its own; any thread may ask it.
///
/// No page waits until it is reached: the primary is asked while a connection is made.
final class ReadReplica: Sendable {
    /// The most pages that are read from it at once, and of connections to it.
    static let width = 2
    /// The most pages that wait for a connection.
    private static let capacity = 64
    /// The longest time that a page may take, with its wait for a connection.
    static let limit = Duration.milliseconds(500)

    /// The database and the server, without user and password.
    let place: String
    private let queue: ReadQueue<ReplicaReader>
    private let health: Mutex<ReplicaHealth>
    private let isConnecting = Atomic<Bool>(false)
    private let changed: (@Sendable (ReplicaTransition) -> Void)?

    /// - Parameter changed: called when it begins to fail or answers again, on any thread.
    init(
        address: PostgresAddress, interrupt: PostgresInterrupt, changed: (@Sendable (ReplicaTransition) -> Void)?
    ) {
        place = address.description
        health = Mutex(ReplicaHealth(replica: address.description))
        self.changed = changed
        queue = ReadQueue(width: Self.width, capacity: Self.capacity, stallLimit: Self.limit * 2) {
            ReplicaReader(address: address, interrupt: interrupt)
        }
    }

    /// Whether the last attempt to connect to it or to read from it succeeded.
    var isUp: Bool { health.withLock(\.isUp) }

    /// Whether it is left alone at present.
    var isPaused: Bool { health.withLock { $0.isPaused(at: .now) } }

    /// Ends its connections; blocks until the reads that are under way have ended.
    func close() { queue.dropContexts() }

    /// Reads a page, and makes an answer of it on the same thread.
    ///
    /// - Parameter make: returns nil where memory does not vouch for the page any more.
    func messages<Answer: Sendable>(
        of page: ReplicaPage, in history: History, make: @escaping @Sendable (PackedMessages) -> Answer?
    ) async -> Result<Answer, ReplicaMiss> {
        let deadline = ContinuousClock.now + Self.limit
        let result = await queue.perform { [self] (reader: inout ReplicaReader) -> Result<Answer, ReplicaMiss> in
            let left = deadline - .now
            guard left > .zero else { return .failure(.busy) }
            guard !isPaused else { return .failure(.paused) }
            guard let found = try reader.messages(of: page, in: history, within: left) else {
                return .failure(.unreachable)
            }
            report { $0.succeeded(at: .now) }
            return make(found).map { .success($0) } ?? .failure(.memory)
        }
        switch result {
        case .success(.failure(.unreachable)):
            connect()
            return .failure(.unreachable)
        case .success(let answer):
            return answer
        case .failure(let failure as ReplicaFailure):
            report { $0.failed(failure, at: .now) }
            return .failure(failure.miss)
        case .failure:
            return .failure(.busy)
        }
    }

    /// Makes a connection while others do not wait for it.
    func connect() {
        guard !isConnecting.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Task {
            let result = await queue.perform { (reader: inout ReplicaReader) in try reader.connect() }
            switch result {
            case .success: health.withLock { $0.connected() }
            case .failure(let error as PostgresError): report { $0.failed(ReplicaFailure(error), at: .now) }
            // All connections are at work.
            case .failure: break
            }
            isConnecting.store(false, ordering: .releasing)
        }
    }

    private func report(_ change: (inout ReplicaHealth) -> ReplicaTransition?) {
        if let news = health.withLock({ change(&$0) }) { changed?(news) }
    }
}
