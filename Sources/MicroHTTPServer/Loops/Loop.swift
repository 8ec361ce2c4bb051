import CMicroHTTPD
import Glibc
import HTTP

/// One event loop: a daemon of the library and its connections. Only its own thread uses it, once that runs.
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
    /// The library's daemon; the loop stops it before it is released.
    private(set) var daemon: OpaquePointer?
    /// The certificate of new connections; nil for HTTP without TLS.
    let certificate: CurrentCertificate?
    let traffic = TLSLayer.Traffic()
    /// The header fields that requests are handed on with.
    let fields: RequestFieldSet
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
        var settings = mhd_settings(
            connection_limit: UInt32(clamping: max(1, configuration.connectionLimit)),
            memory_per_connection: configuration.memoryPerConnection,
            idle_timeout_seconds: UInt32(clamping: configuration.idleTimeout),
            uses_tls: certificate != nil,
            context: Unmanaged.passUnretained(self).toOpaque(), access: accessed, uri: requestBegan,
            unescape: leaveEscaped, completed: requestEnded, connection: connectionChanged)
        daemon = mhd_start_daemon(&settings)
        guard daemon != nil else { throw .system("starting a loop") }
    }

    deinit {
        stopDaemon()
        receiver.deallocate()
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
        MHD_run(daemon)
        if !broken.isEmpty { refuseBroken() }
        if hasHalfClosed { findSpent() }
        if !spent.isEmpty { closeSpent() }
        if !lingering.isEmpty { lingering.drain(now: now) }
        if now > nextSweep { sweep() }
    }

    /// Stops the daemon; no connection may be suspended then.
    func stopDaemon() {
        guard daemon != nil else { return }
        MHD_stop_daemon(daemon)
        daemon = nil
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
        var timeout = milliseconds
        var due: UInt64 = 0
        if MHD_get_timeout(daemon, &due) == .YES {
            let due = Int(clamping: due)
            timeout = min(timeout, certificate == nil ? due : pace.wait(due, traffic: traffic.bytes))
        }
        let isPausing = now < acceptsFrom
        if isPausing { timeout = min(timeout, now.milliseconds(until: acceptsFrom)) }
        let readable = Int16(POLLIN)
        // poll(2) ignores a negative descriptor.
        let listener = isStopping || isPausing || !dispatcher.hasCapacity ? -1 : dispatcher.descriptor
        var descriptors = (
            pollfd(fd: mhd_epoll_descriptor(daemon), events: readable, revents: 0),
            pollfd(fd: signal.descriptor, events: readable, revents: 0),
            pollfd(fd: listener, events: readable, revents: 0),
            pollfd(fd: halfCloseWatcher.descriptor, events: readable, revents: 0)
        )
        counters.busyNanoseconds.bump(by: now.nanoseconds(until: .now))
        withUnsafeMutablePointer(to: &descriptors) {
            _ = $0.withMemoryRebound(to: pollfd.self, capacity: 4) { poll($0, 4, Int32(clamping: timeout)) }
        }
        if descriptors.1.revents != 0 { signal.acknowledge() }
        now = .now
        counters.turnedAt = now
        return (descriptors.1.revents != 0, descriptors.2.revents != 0, descriptors.3.revents != 0)
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
