import Dispatch
import Foundation
import Messaging
import StoreWork
import Synchronization

/// Conversations in a PostgreSQL database, which no other Postbox may serve meanwhile.
///
/// Any thread may call any method. Writes go through one thread of the store's own, many to a call; reads run beside it on connections
/// of their own. One more connection keeps the lease.
public final class PostgresStore: Sendable {
    /// The secret key of all cursors.
    public let cursorKey: CursorKey
    /// The database and the server, without user and password, for messages to people.
    public let place: String

    let serving: ServingState
    let writer: Writer
    let health: StoreHealth
    let readQueue: ReadQueue<ReaderConnection>
    let address: PostgresAddress
    let lease: Lease
    let bounds: StoreBounds
    private let keeper: Keeper
    private let interrupt: PostgresInterrupt
    private let isClosed = Mutex(false)

    /// The number of concurrent reads, and of their connections.
    public static let readers = 4
    /// How long reads may go without one ending before further ones are refused.
    private static let stallLimit = Duration.seconds(6)

    /// Connects to a database, prepares its schema, and takes the lease; blocks.
    ///
    /// Where another process had the lease, it waits until that has run out: a few seconds after that process was killed.
    ///
    /// - Parameters:
    ///   - address: a connection string of libpq; it may be empty where the `PG…` variables say everything.
    ///   - observer: receives each commit, on the writer thread, before its callers are answered.
    ///   - queueLimit: the most writes that may wait, and the most reads; beyond it they are refused as ``MessagingError/overloaded``.
    ///   - isReplicated: whether a write is answered only when a synchronous standby has it.
    ///   - bounds: the sizes at which the store changes its method.
    ///   - random: the source of a new store's epoch.
    ///   - newCursorKey: the cursor key of a store that has none yet; by default a random one.
    ///   - committed: receives each batch that is durable, on the writer thread, after its callers are answered.
    ///   - changed: called when an operation begins to fail or works again, on any thread.
    /// - Throws: ``PostgresStoreError``.
    public init(
        address: String, observer: (any CommitObserver)? = nil, queueLimit: Int = 10_000,
        replicated isReplicated: Bool = false,
        bounds: StoreBounds = StoreBounds(), random: UInt64 = .random(in: .min ... .max),
        newCursorKey: CursorKey = .random(), committed: (@Sendable (GroupCommit) -> Void)? = nil,
        changed: (@Sendable (HealthTransition) -> Void)? = nil
    ) throws(PostgresStoreError) {
        let start = try PostgresStart(address: address, random: random, newCursorKey: newCursorKey)
        self.address = start.address
        self.bounds = bounds
        lease = start.lease
        place = start.address.description
        cursorKey = start.cursorKey
        interrupt = PostgresInterrupt()
        health = StoreHealth(changed: changed)
        serving = ServingState(epoch: start.epoch, observer: observer)
        serving.granted(from: start.leaseStart, for: Lease.certain)
        let connector = WriterConnector(
            address: start.address, lease: start.lease, serving: serving, interrupt: interrupt, bounds: bounds,
            isReplicated: isReplicated)
        readQueue = ReadQueue(
            width: Self.readers, capacity: queueLimit, stallLimit: Self.stallLimit
        ) { [address = start.address, interrupt] in ReaderConnection(address: address, interrupt: interrupt) }
        writer = Writer(
            connector: connector, health: health, observer: observer, capacity: queueLimit, committed: committed)
        keeper = Keeper(connector: connector, writer: writer, health: health)
        for caller in start.renamed { Self.resumeRenaming(of: caller, writer) }
    }

    deinit {
        close()
    }

    /// Stores and answers the waiting writes, gives the lease back, and closes all connections; blocks until that is done.
    ///
    /// Later calls are refused as ``MessagingError/storeUnavailable(_:)``. A second call does nothing.
    public func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        writer.close()
        keeper.close()
        serving.lostLease()
        interrupt.raise()
        readQueue.dropContexts()
    }

    /// Stops where a step fails: the next start, or the user's next renaming, continues from there.
    private static func resumeRenaming(of caller: Caller, _ writer: Writer) {
        writer.submit(
            .resumeRenaming(
                caller.user, caller.tenant,
                Reply { [weak writer] result in
                    if case .success(false) = result, let writer { resumeRenaming(of: caller, writer) }
                }))
    }
}
