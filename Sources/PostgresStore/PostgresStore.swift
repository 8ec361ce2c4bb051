import Dispatch
import Foundation
import Messaging
import StoreWork
import Synchronization

/// Conversations in a PostgreSQL database, which several Postboxes may serve at the same time: the nodes.
///
/// Any thread may call any method. Writes go through one thread of the store's own, many to a call; reads run beside it on connections
/// of their own, and older pages also from read replicas. One more connection tells the other nodes that this one is there, and another one looks for what they write.
public final class PostgresStore: Sendable {
    /// The secret key of all cursors.
    public let cursorKey: CursorKey
    /// The database and the server, without user and password, for messages to people.
    public let place: String

    let serving: ServingState
    let writer: Writer
    let health: StoreHealth
    let readQueue: ReadQueue<ReaderConnection>
    let replicas: ReadReplicas
    let address: PostgresAddress
    let membership: NodeMembership
    let looker: FeedLooker
    let keeper: Keeper
    let bounds: StoreBounds
    /// How many messages the next step of a removal looks at.
    let removalSize: Mutex<StepSize>
    private let line: AnswerLine
    private let interrupt: PostgresInterrupt
    private let isClosed = Mutex(false)

    /// The number of concurrent reads, and of their connections.
    public static let readers = 4
    /// How long a step of a removal is to hold the lock of all writes before its commit.
    private static let longestRemoval = Duration.milliseconds(25)
    /// How long reads may go without one ending before further ones are refused.
    private static let stallLimit = Duration.seconds(6)

    /// Connects to a database, prepares its schema, and joins the other nodes; blocks.
    ///
    /// It waits until the others know of this one: half a second beside one that runs, and some ten seconds where one was killed that was
    /// the only one.
    ///
    /// - Parameters:
    ///   - address: a connection string of libpq; it may be empty where the `PG…` variables say everything.
    ///   - observer: receives each commit before its callers are answered: on the writer thread while there is no other node, and otherwise
    ///     on the thread that looks at the feed.
    ///   - queueLimit: the most writes that may wait, and the most reads; beyond it they are refused as ``MessagingError/overloaded``.
    ///   - mustExist: whether the schema must be there in the present version; otherwise it is made or converted.
    ///   - isReplicated: whether a write is answered only when a synchronous standby has it.
    ///   - bounds: the sizes at which the store changes its method.
    ///   - random: the source of a new store's epoch.
    ///   - newCursorKey: the cursor key of a store that has none yet; by default a random one.
    ///   - freshnessBound: the greatest age of what memory answers with while there are other nodes, 0 to 10 s. A client that writes at another
    ///     node is answered that much later.
    ///   - version: the version of the program, for people who ask for the nodes.
    ///   - readReplicas: standbys of the database that older pages may be read from. The store opens also where none can be reached.
    ///   - committed: receives each batch that is durable, on the writer thread.
    ///   - changed: called when an operation begins to fail or works again, on any thread.
    ///   - replicaChanged: called when a read replica begins to fail or answers again, on any thread.
    /// - Throws: ``PostgresStoreError``.
    public init(
        address: String, observer: (any CommitObserver)? = nil, queueLimit: Int = 10_000,
        mustExist: Bool = false, replicated isReplicated: Bool = false,
        bounds: StoreBounds = StoreBounds(), random: UInt64 = .random(in: .min ... .max),
        newCursorKey: CursorKey = .random(),
        freshnessBound: Duration = .milliseconds(30), version: String = "", readReplicas: [PostgresAddress] = [],
        committed: (@Sendable (GroupCommit) -> Void)? = nil,
        changed: (@Sendable (HealthTransition) -> Void)? = nil,
        replicaChanged: (@Sendable (ReplicaTransition) -> Void)? = nil
    ) throws(PostgresStoreError) {
        precondition((.zero ... .seconds(10)).contains(freshnessBound), "the bound is checked before")
        let start = try PostgresStart(
            address: address, random: random, newCursorKey: newCursorKey, bound: freshnessBound, version: version,
            replicated: isReplicated, mustExist: mustExist)
        self.address = start.address
        self.bounds = bounds
        removalSize = Mutex(StepSize(most: bounds.messagesRemovedAtOnce, longest: Self.longestRemoval))
        place = start.address.description
        cursorKey = start.cursorKey
        interrupt = PostgresInterrupt()
        health = StoreHealth(changed: changed)
        serving = ServingState(history: start.history, observer: observer, replicated: isReplicated)
        line = AnswerLine()
        membership = NodeMembership(
            node: start.node, writer: start.writer, serving: serving, observer: observer)
        membership.granted(from: start.joined)
        let connector = WriterConnector(
            address: start.address, membership: membership, serving: serving, interrupt: interrupt, bounds: bounds)
        readQueue = ReadQueue(
            width: Self.readers, capacity: queueLimit, stallLimit: Self.stallLimit
        ) { [address = start.address, serving, interrupt] in
            ReaderConnection(address: address, serving: serving, interrupt: interrupt)
        }
        replicas = ReadReplicas(addresses: readReplicas, interrupt: interrupt, changed: replicaChanged)
        writer = Writer(
            connector: connector, health: health, line: line, capacity: queueLimit, committed: committed)
        keeper = Keeper(connector: connector, writer: writer, health: health)
        looker = FeedLooker(
            address: start.address, membership: membership, writer: writer, interrupt: interrupt)
        awaitPlace()
        for caller in start.renamed { Self.resumeRenaming(of: caller, writer) }
    }

    /// Waits until it is known whether there are other nodes, so that the first writes need not be held back; no longer than that may take.
    private func awaitPlace() {
        let deadline = BootClock.now + 1_000_000_000
        while !membership.isSettled, BootClock.now < deadline { Thread.sleep(forTimeInterval: 0.001) }
    }

    deinit {
        close()
    }

    /// Stores and answers the waiting writes, leaves the nodes, and closes all connections; blocks until that is done.
    ///
    /// Later calls are refused as ``MessagingError/storeUnavailable(_:)``. A second call does nothing.
    public func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        writer.close()
        line.close()
        looker.close()
        keeper.close()
        membership.lost()
        interrupt.raise()
        readQueue.dropContexts()
        replicas.close()
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
