import CMicroHTTPD
import Glibc
import MessagingHTTP

/// One daemon of the library and the connections it has; only its own thread touches it, once that runs.
///
/// This file waits and runs; `Loop+Connections` follows what the library tells, `Loop+Requests` answers,
/// `Loop+Stopping` ends.
final class Loop {
    let configuration: ServerConfiguration
    let handler: any RequestHandler
    let signal: LoopSignal
    let counters: LoopCounters
    let addresses: AddressCounts
    var connections: [Connection] = []
    var lingering = LingeringSockets()
    /// The time when the loop last woke up: near enough for time-outs, and free.
    var now = MonotonicTime.now
    /// Set once the loop accepts no more; every answer then closes its connection.
    var isStopping = false
    /// The library's daemon; the loop stops it before it goes.
    private(set) var daemon: OpaquePointer?
    /// What new connections show; nil for HTTP without TLS.
    let certificate: CurrentCertificate?
    let traffic = TLSLayer.Traffic()
    /// How many connections were accepted so far.
    var accepted = 0
    private var pace = HandshakePace()
    private var nextSweep: MonotonicTime
    /// Whether the library could not accept a connection that waits.
    private var isStarved = false

    /// Starts a daemon on a listening socket, which is the loop's from then on.
    init(
        on listeningSocket: Int32, configuration: ServerConfiguration, handler: any RequestHandler, signal: LoopSignal,
        counters: LoopCounters, addresses: AddressCounts, certificate: CurrentCertificate?
    ) throws(ServerError) {
        self.configuration = configuration
        self.handler = handler
        self.signal = signal
        self.counters = counters
        self.addresses = addresses
        self.certificate = certificate
        nextSweep = now
        let loops = max(1, configuration.loops)
        var settings = mhd_settings(
            listen_socket: listeningSocket,
            connection_limit: UInt32(clamping: (max(1, configuration.connectionLimit) + loops - 1) / loops),
            memory_per_connection: configuration.memoryPerConnection,
            idle_timeout_seconds: UInt32(clamping: configuration.idleTimeout),
            uses_tls: certificate != nil,
            // Unretained: whoever runs the loop keeps it until its daemon has stopped.
            context: Unmanaged.passUnretained(self).toOpaque(), access: accessed, uri: requestBegan,
            unescape: leaveEscaped, completed: requestEnded, connection: connectionChanged)
        daemon = mhd_start_daemon(&settings)
        // Whether the library has closed the socket by now depends on how far it came; to close it again could hit
        // another one with the same number, so at worst one is left open until the process ends, which is near.
        guard daemon != nil else { throw .system("starting a loop") }
    }

    deinit { stopDaemon() }

    /// Serves until the signal says stop, then comes to an end in good order.
    func run() {
        while signal.stopDeadline == nil { turn() }
        stop()
    }

    /// Waits until there is something to do, or for at most `milliseconds`, and does it.
    func turn(atMost milliseconds: Int = .max) {
        // Lingering sockets are few and short-lived, so they are looked at rather than waited for.
        let longest = lingering.isEmpty ? milliseconds : min(milliseconds, 5)
        let (mayBeStarved, before) = (connections.isEmpty, accepted)
        let isReady = wait(atMost: min(longest, now.milliseconds(until: nextSweep)))
        MHD_run(daemon)
        isStarved = isReady && mayBeStarved && accepted == before
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

    /// Answers whether the library has something to do.
    ///
    /// Where there is no descriptor for a connection that waits, the library stops asking for it until one of its own is closed; but
    /// where it has none, it asks again at once, for ever. So it is left alone for a moment then.
    private func wait(atMost milliseconds: Int) -> Bool {
        var timeout = isStarved ? min(milliseconds, 50) : milliseconds
        var due: UInt64 = 0
        if !isStarved, MHD_get_timeout(daemon, &due) == .YES {
            let due = Int(clamping: due)
            timeout = min(timeout, certificate == nil ? due : pace.wait(due, traffic: traffic.bytes))
        }
        let readable = Int16(POLLIN)
        var descriptors = (
            // A negative one is not looked at.
            pollfd(fd: isStarved ? -1 : mhd_epoll_descriptor(daemon), events: readable, revents: 0),
            pollfd(fd: signal.descriptor, events: readable, revents: 0)
        )
        withUnsafeMutablePointer(to: &descriptors) {
            _ = $0.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, Int32(clamping: timeout)) }
        }
        if descriptors.1.revents != 0 { signal.acknowledge() }
        now = .now
        counters.turnedAt = now
        return descriptors.0.revents != 0
    }

    /// Cuts the connections whose request takes too long.
    private func sweep() {
        let timeout = configuration.requestTimeout
        nextSweep = now + min(max(timeout / 10, 0.02), 1)
        for connection in connections where connection.isOverdue(at: now, after: timeout) {
            connection.shutDown()
            counters.cutConnections.bump(by: 1)
        }
    }
}
