import Glibc
import Synchronization

/// Accepts connections and gives each to the responsive loop with the fewest, whichever loop accepts it.
///
/// If a loop kept the connections it accepts, one loop could get all of a burst, such as all clients after a restart, and would serve
/// them as long as they stay, while the other loops are idle. Any loop's thread may call any method.
final class ConnectionDispatcher: Sendable {
    /// An accepted connection that its loop has not taken yet.
    struct AcceptedConnection {
        let descriptor: Int32
        let peer: SocketAddress
    }

    private struct State {
        /// Nil after ``close()``.
        var socket: ListeningSocket?
        /// How many connections each loop has, those on their way included.
        var open: [Int]
        var accepted: [[AcceptedConnection]]
    }

    /// How many connections are accepted per turn, so that a burst does not delay the clients already connected.
    private static let batch = 32

    /// Becomes readable when a client connects, as long as the socket is open.
    let descriptor: Int32
    private let limit: Int
    private let signals: [LoopSignal]
    private let counters: [LoopCounters]
    private let state: Mutex<State>
    private let count = Atomic<Int>(0)

    /// - Parameters:
    ///   - limit: the most connections open at a time, over all loops.
    ///   - signals: those of the loops.
    ///   - counters: those of the loops.
    init(at socket: ListeningSocket, limit: Int, signals: [LoopSignal], counters: [LoopCounters]) {
        descriptor = socket.descriptor
        self.limit = limit
        self.signals = signals
        self.counters = counters
        state = Mutex(
            State(
                socket: socket, open: signals.map { _ in 0 }, accepted: signals.map { _ in [] }))
    }

    deinit {
        for connection in state.withLock({ $0.accepted.joined() }) { Glibc.close(connection.descriptor) }
    }

    /// Whether one more connection may be open; the next ones wait in the kernel's backlog until then.
    var hasCapacity: Bool { count.load(ordering: .relaxed) < limit }

    /// Accepts waiting connections, gives each to a loop and wakes that loop.
    ///
    /// - Parameter accepting: the loop that calls this, which need not be woken.
    /// - Returns: false where accept(2) fails for now although a client waits.
    func accept(by accepting: Int) -> Bool {
        var (isRefused, woken) = (false, Set<Int>())
        let now = MonotonicTime.now
        // A hung loop would not serve its connections.
        let turning = counters.indices.filter { $0 == accepting || counters[$0].turnedAt + 2 > now }
        state.withLock { state in
            for _ in 0..<Self.batch {
                guard let socket = state.socket, hasCapacity else { return }
                switch socket.accept() {
                case .noConnection: return
                case .refused:
                    isRefused = true
                    return
                case .connection(let connection):
                    let loop = turning.min { state.open[$0] < state.open[$1] } ?? accepting
                    state.open[loop] += 1
                    state.accepted[loop].append(connection)
                    count.add(1, ordering: .relaxed)
                    woken.insert(loop)
                }
            }
        }
        for loop in woken where loop != accepting { signals[loop].wake() }
        return !isRefused
    }

    /// Removes and returns the connections that were given to a loop; it owns them from then on.
    func accepted(for loop: Int) -> [AcceptedConnection] {
        state.withLock { state in
            guard !state.accepted[loop].isEmpty else { return [] }
            let accepted = state.accepted[loop]
            state.accepted[loop] = []
            return accepted
        }
    }

    /// Uncounts a closed connection of a loop.
    func left(_ loop: Int) {
        state.withLock { $0.open[loop] -= 1 }
        count.subtract(1, ordering: .relaxed)
    }

    /// Stops accepting, and releases the socket.
    func close() {
        state.withLock { $0.socket = nil }
    }
}
