import CMicroHTTPD
import Glibc
import HTTP
import Synchronization

/// An HTTP/1.1 server: takes requests off the wire and hands each to a ``RequestHandler``.
///
/// All its methods may be called from any thread, but not from a handler.
public final class Server: Sendable {
    private enum State {
        case bound(ListeningSocket)
        case running([LoopThread])
        case stopped
    }

    /// The port it listens on: the configured one, or the free one that was found.
    public let boundPort: UInt16
    private let configuration: ServerConfiguration
    private let signals: [LoopSignal]
    private let counters: [LoopCounters]
    private let certificate: CurrentCertificate?
    private let bodies: BodyMemory
    private let state: Mutex<State>

    /// Binds the address and listens; clients can connect from here on, and are served after ``start(serving:)``.
    ///
    /// - Throws: a ``ServerError`` if the address cannot be had, or the HTTP library is none that is safe.
    public init(configuration: ServerConfiguration) throws(ServerError) {
        try HTTPLibrary.check()
        let loops = 0..<max(1, configuration.loops)
        var signals: [LoopSignal] = []
        for _ in loops { signals.append(try LoopSignal()) }
        let socket =
            if let inherited = configuration.inheritedSocket {
                ListeningSocket(inherited)
            } else {
                try ListeningSocket(host: configuration.host, port: configuration.port)
            }
        self.configuration = configuration
        certificate = configuration.certificate.map(CurrentCertificate.init)
        bodies = BodyMemory(limit: configuration.bodyMemory)
        self.signals = signals
        counters = loops.map { _ in LoopCounters() }
        boundPort = socket.port
        state = Mutex(.bound(socket))
    }

    deinit { stop(within: 0) }

    /// Begins to serve, handing each request to `handler`; does nothing if it has been started or stopped before.
    ///
    /// - Throws: a ``ServerError`` if the system gives no loop or thread; the server is stopped then.
    public func start(serving handler: any RequestHandler) throws(ServerError) {
        try state.withLock { (state) throws(ServerError) in
            guard case .bound(let socket) = state else { return }
            var threads: [LoopThread] = []
            let addresses = AddressCounts(
                limit: configuration.connectionsPerAddress, isUncounted: configuration.isUncountedAddress)
            do throws(ServerError) {
                let dispatcher = ConnectionDispatcher(
                    at: socket, limit: max(1, configuration.connectionLimit), signals: signals, counters: counters)
                for index in signals.indices {
                    let loop = try Loop(
                        index, dispatcher: dispatcher, configuration: configuration, handler: handler,
                        signal: signals[index], counters: counters[index], addresses: addresses,
                        bodies: bodies, certificate: certificate)
                    threads.append(try LoopThread(running: loop))
                }
                // The socket is the dispatcher's from here on, which closes it before the loops end.
                state = .running(threads)
            } catch {
                state = .stopped
                end(threads, by: .now)
                throw error
            }
        }
    }

    /// Stops serving, and returns once no thread and no connection is left.
    ///
    /// No more connections are accepted from the call on, and those between two requests are closed. Requests that have
    /// begun are answered, with `Connection: close`. What is not answered within `seconds` is refused as
    /// ``TransportRefusal/stopping`` and cut a moment later. The handler may still be working on such a request when this
    /// returns; its answer is dropped. A second call waits for the first and does nothing.
    public func stop(within seconds: Double) {
        let deadline = MonotonicTime.now + seconds
        state.withLock { state in
            if case .running(let threads) = state { end(threads, by: deadline) }
            state = .stopped
        }
    }

    /// Uses this certificate for new connections; open connections keep theirs.
    ///
    /// It does nothing in a server that was made without a certificate.
    public func replaceCertificate(_ certificate: TLSCertificate) {
        self.certificate?.value = certificate
    }

    /// When the certificate of new connections expires, in seconds since 1970; nil in a server without one.
    public var certificateExpiry: Int? { certificate?.value.expiry }

    /// The longest time since any loop woke up, in seconds; about a second where nothing is to be done.
    public var secondsSinceTurn: Double {
        let now = MonotonicTime.now
        return counters.map { Double($0.turnedAt.nanoseconds(until: now)) / 1e9 }.max() ?? 0
    }

    /// How long each loop has worked since it began, in nanoseconds: the time in which it did not wait for something to do. A turn counts
    /// once it is over.
    public var busyNanoseconds: [Int] { counters.map { $0.busyNanoseconds.load(ordering: .relaxed) } }

    /// The current state and the totals of the server.
    public var statistics: ServerStatistics {
        var statistics = ServerStatistics()
        for counters in counters { counters.add(to: &statistics) }
        return statistics
    }

    /// How many bytes of request bodies it holds.
    public var bodyBytes: Int { bodies.used }

    /// The most bytes of request bodies that it held since the last call.
    public func takePeakOfBodies() -> Int { bodies.takePeak() }

    /// The totals of all answers so far.
    public var totals: ServerTotals { ServerTotals(of: counters.map(\.meter)) }

    private func end(_ threads: [LoopThread], by deadline: MonotonicTime) {
        for signal in signals { signal.stop(by: deadline) }
        for thread in threads { thread.join() }
    }
}

/// The version of libmicrohttpd that the process found, which need not be the one it was built with.
struct HTTPLibrary {
    /// Refuses a library whose handling of heads and memory is not known, or whose input does not pass through our reader.
    static func check() throws(ServerError) {
        let version = MHD_get_version().map { String(cString: $0) } ?? "of no version"
        guard isKnown(version), receives_for_libraries() else { throw .unsafeLibrary(version) }
    }

    /// Whether this is 0.9.75 or later, and before the next version that may change either.
    static func isKnown(_ version: String) -> Bool {
        let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard parts.count == 3, parts[2] >= 0 else { return false }
        return parts[..<2] == [1, 0] || (parts[..<2] == [0, 9] && parts[2] >= 75)
    }
}

/// The thread of one loop.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Runs the loop on a thread of its own until it stops.
    init(running loop: sending Loop) throws(ServerError) {
        // Retained here once, and released by the thread when the daemon has stopped.
        let context = Unmanaged.passRetained(loop)
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runLoop, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw .system("starting a thread", errno: code)
        }
        self.thread = thread
    }

    /// Waits for the thread to end; to be called once.
    func join() {
        pthread_join(thread, nil)
    }
}

private func runLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<Loop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
