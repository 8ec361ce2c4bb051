import CMicroHTTPD
import Glibc
import HTTP

/// One event loop: its connections and the daemons of the library that have them. Only its own thread uses it, once that runs.
///
/// This file has the loop itself. `Loop+Connections` handles the library's notifications, `Loop+Requests` answers requests,
/// `Loop+Waiting` lets them wait for a change, and `Loop+Stopping` shuts the loop down.
///
/// Properties that change with every request are not checked for exclusive access at run time. Nothing here calls the library, or a
/// method that could call back into the loop, while it changes one of these in place.
final class Loop {
    let configuration: ServerConfiguration
    let handler: any RequestHandler
    let signal: LoopSignal
    let counters: LoopCounters
    let dispatcher: ConnectionDispatcher
    /// The index of the loop.
    let number: Int
    let addresses: AddressCounts
    var connections: [Connection] = []
    @exclusivity(unchecked) var lingering = LingeringSockets()
    /// The time when the loop last woke up: near enough for time-outs, and free.
    var now = MonotonicTime.now
    /// Set once the loop stops accepting; every answer then closes its connection.
    var isStopping = false
    /// Set once the deadline of a stop has passed; a request that is complete only then is refused, for its answer might take long.
    var isPastDeadline = false
    /// One daemon, and more once many requests wait; the loop stops them before it is released.
    @exclusivity(unchecked) private var daemons: [Daemon] = []
    /// The first of them, without a reference to count: most loops have no other, and each turn needs it.
    @exclusivity(unchecked) private var firstDaemon: OpaquePointer?
    private var hasOneDaemon: Bool { daemons.count == 1 }
    /// The daemon that is being given a connection.
    var receivingDaemon: Daemon?
    /// What a turn waits for: the signal, the listening socket, half-closed sockets, and the daemons in their order.
    private let awaited = UnsafeMutablePointer<pollfd>.allocate(capacity: 3 + Daemon.most)
    /// The certificate of new connections; nil for HTTP without TLS.
    let certificate: CurrentCertificate?
    let traffic = TLSLayer.Traffic()
    /// The header fields that requests are handed on with.
    let fields: RequestFieldSet
    let spareFields = SpareFields()
    let bodies: BodyMemory
    var memory: ConnectionMemory { ConnectionMemory(size: configuration.memoryPerConnection) }
    let halfCloseWatcher: HalfCloseWatcher
    /// The connections by their sockets.
    @exclusivity(unchecked) private var byDescriptor: [Unmanaged<Connection>?] = []
    /// Connections whose request may have to be refused once the library has processed the input before it.
    @exclusivity(unchecked) var broken: [Connection] = []
    /// Connections whose client had closed its sending side when their request ended.
    @exclusivity(unchecked) var spent: [Connection] = []
    /// The messages of other threads.
    let queue: LoopQueue
    /// The waits by their deadlines.
    @exclusivity(unchecked) var wheel = DeadlineWheel<Waiter>()
    /// The waits that have changed or whose time is over, and that were not looked at since.
    @exclusivity(unchecked) var ready: [Waiter] = []
    /// The replacement for the library's receive function.
    private let receiver: UnsafeMutablePointer<receiver>
    /// How many connections were accepted so far.
    var accepted = 0
    private var pace = HandshakePace()
    private var nextSweep: MonotonicTime
    /// When to accept connections again, after accept(2) failed.
    private var acceptsFrom = MonotonicTime.now

    /// Starts a daemon; it is the loop with this number of those that the dispatcher gives connections to.
    init(
        _ number: Int, dispatcher: ConnectionDispatcher, configuration: ServerConfiguration,
        handler: any RequestHandler,
        signal: LoopSignal, counters: LoopCounters, addresses: AddressCounts, bodies: BodyMemory,
        certificate: CurrentCertificate?
    ) throws(ServerError) {
        halfCloseWatcher = try HalfCloseWatcher()
        receiver = .allocate(capacity: 1)
        self.number = number
        self.dispatcher = dispatcher
        self.configuration = configuration
        self.handler = handler
        self.signal = signal
        queue = LoopQueue(waking: signal)
        self.counters = counters
        self.addresses = addresses
        self.bodies = bodies
        fields = RequestFieldSet(handler.fields)
        self.certificate = certificate
        nextSweep = now
        receiver.initialize(
            to: CMicroHTTPD.receiver(
                // Unretained, here and below: the thread that runs the loop keeps it until its daemon has stopped.
                context: Unmanaged.passUnretained(self).toOpaque(), plain: receivePlain, tls: receiveTLS))
        for (place, descriptor) in [signal.descriptor, -1, halfCloseWatcher.descriptor].enumerated() {
            setAwaited(descriptor, at: place)
        }
        try startDaemon()
    }

    deinit {
        stopDaemons()
        receiver.deallocate()
        awaited.deallocate()
    }

    private func setAwaited(_ descriptor: Int32, at place: Int) {
        (awaited + place).initialize(to: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    private func startDaemon() throws(ServerError) {
        var settings = mhd_settings(
            connection_limit: UInt32(clamping: max(1, configuration.connectionLimit)),
            memory_per_connection: configuration.memoryPerConnection,
            idle_timeout_seconds: UInt32(clamping: configuration.idleTimeout),
            uses_tls: certificate != nil,
            context: Unmanaged.passUnretained(self).toOpaque(), access: accessed, uri: requestBegan,
            unescape: leaveEscaped, completed: requestEnded, connection: connectionChanged)
        let daemon = try Daemon(&settings)
        setAwaited(daemon.descriptor, at: 3 + daemons.count)
        daemons.append(daemon)
        firstDaemon = daemons[0].pointer
    }

    /// The daemon for the next connection: the one with the fewest, of as many as suit the number of waiting requests.
    func daemonForConnection() -> Daemon {
        let wanted = min(1 + counters.waitingRequests.load(ordering: .relaxed) / Daemon.waitingRequests, Daemon.most)
        // Where there is no memory or descriptor for one more, those there are go on.
        if daemons.count < wanted { try? startDaemon() }
        var least = daemons[0]
        for daemon in daemons.dropFirst() where daemon.connections < least.connections { least = daemon }
        return least
    }

    /// Serves until the signal says stop, then shuts down gracefully.
    func run() {
        set_receiver(receiver)
        defer { set_receiver(nil) }
        while signal.stopDeadline == nil { turn() }
        stop()
    }

    /// Waits until there is something to do, or for at most `milliseconds`, and does it.
    func turn(atMost milliseconds: Int = .max) {
        // Lingering sockets are few and short-lived, so they are looked at rather than waited for.
        let longest = lingering.isEmpty ? milliseconds : min(milliseconds, 5)
        let (isSignalled, hasPendingConnection, hasHalfClosed) = wait(
            atMost: min(longest, now.milliseconds(until: min(nextSweep, wheel.nextStep))))
        if hasPendingConnection, !dispatcher.accept(by: number) { acceptsFrom = now + 0.05 }
        if isSignalled || hasPendingConnection { takeAccepted() }
        if isSignalled { takeMessages() }
        if now >= wheel.nextStep { findOverdue() }
        if !ready.isEmpty { endReady() }
        if hasOneDaemon { MHD_run(firstDaemon) } else { runDaemons() }
        if !broken.isEmpty { refuseBroken() }
        if hasHalfClosed { findSpent() }
        if !spent.isEmpty { closeSpent() }
        if !lingering.isEmpty { lingering.drain(now: now) }
        if now > nextSweep { sweep() }
    }

    /// Runs those of several daemons that have something to do.
    private func runDaemons() {
        for place in daemons.indices {
            let isDue = daemons[place].isDue(now: now)
            if isDue || awaited[3 + place].revents != 0 { daemons[place].run() }
        }
    }

    /// How many milliseconds may pass until one of several daemons has to be run; nil where only their descriptors tell.
    private func millisecondsUntilDue(at time: MonotonicTime) -> Int? {
        for daemon in daemons { daemon.updateDue(now: time) }
        return daemons.lazy.compactMap(\.due).min().map(time.milliseconds(until:))
    }

    /// Stops the daemons; no connection may be suspended then.
    func stopDaemons() {
        guard !daemons.isEmpty else { return }
        for daemon in daemons { daemon.stop() }
        daemons = []
        firstDaemon = nil
        lingering.closeAll()
    }

    /// The connection with this socket.
    func connection(on descriptor: Int32) -> Unmanaged<Connection>? {
        let place = Int(descriptor)
        return place >= 0 && place < byDescriptor.count ? byDescriptor[place] : nil
    }

    /// Sets the connection of this socket; nil removes it.
    func setConnection(_ connection: Connection?, on descriptor: Int32) {
        let place = Int(descriptor)
        guard place >= 0 else { return }
        while byDescriptor.count <= place { byDescriptor.append(nil) }
        // Unretained: the table keeps the connection, and this is set to nil before the table releases it.
        byDescriptor[place] = connection.map(Unmanaged.passUnretained)
    }

    /// Returns whether another thread has signalled, a connection waits to be accepted, and a client has closed its sending side.
    private func wait(atMost milliseconds: Int) -> (isSignalled: Bool, hasPendingConnection: Bool, hasHalfClosed: Bool)
    {
        let start = MonotonicTime.now
        var timeout = milliseconds
        var due: Int?
        if hasOneDaemon {
            var milliseconds: UInt64 = 0
            if MHD_get_timeout(firstDaemon, &milliseconds) == .YES { due = Int(clamping: milliseconds) }
        } else {
            due = millisecondsUntilDue(at: start)
        }
        if let due { timeout = min(timeout, certificate == nil ? due : pace.wait(due, traffic: traffic.bytes)) }
        let isPausing = now < acceptsFrom
        if isPausing { timeout = min(timeout, now.milliseconds(until: acceptsFrom)) }
        // poll(2) ignores a negative descriptor.
        awaited[1].fd = isStopping || isPausing || !dispatcher.hasCapacity ? -1 : dispatcher.descriptor
        counters.busyNanoseconds.bump(by: now.nanoseconds(until: start))
        _ = poll(awaited, nfds_t(3 + daemons.count), Int32(clamping: timeout))
        let isSignalled = awaited[0].revents != 0
        if isSignalled { signal.acknowledge() }
        now = .now
        counters.turnedAt = now
        return (isSignalled, awaited[1].revents != 0, awaited[2].revents != 0)
    }

    /// Cuts the connections whose request takes too long.
    private func sweep() {
        let timeout = configuration.requestTimeout
        nextSweep = now + min(max(timeout / 10, 0.02), 1)
        for connection in connections where connection.isOverdue(at: now, after: timeout) {
            connection.shutDown()
            counters.cutConnections.bump(by: connection.isRefused ? 0 : 1)
        }
    }
}
