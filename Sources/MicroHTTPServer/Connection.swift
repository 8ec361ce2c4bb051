import CMicroHTTPD
import Glibc
import MessagingHTTP

/// One open connection and the request it is at; only its loop's thread touches it.
///
/// What changes with every request is not checked for exclusive access at run time: no method here or of the loop calls another while
/// it changes one of these in place.
final class Connection {
    enum Phase {
        /// Between requests, until a whole request line is here.
        case idle
        /// The request line is here; the header fields may not be.
        case head
        /// The header fields are here; the body may not be.
        case body
        /// The answer comes from elsewhere.
        case suspended(PendingAnswer)
        /// The answer is on its way out.
        case answered
    }

    let descriptor: Int32
    let peer: String
    /// Its place in the loop's table.
    var index: Int
    var phase = Phase.idle
    @exclusivity(unchecked) var incoming: IncomingRequest?
    /// When the loop woke up for the latest part of the request.
    var receivedAt: MonotonicTime
    /// Whether it was answered before the whole body had come in, and so will be closed.
    var refusedEarly = false
    @exclusivity(unchecked) private var clock: RequestClock
    private var tls: TLSLayer?

    init(_ connection: OpaquePointer, index: Int, now: MonotonicTime) {
        descriptor = mhd_connection_descriptor(connection)
        peer = SocketAddress.text(of: mhd_client_address(connection))
        self.index = index
        receivedAt = now
        clock = RequestClock(connectedAt: now)
    }

    /// Has it speak TLS; called before anything has come in.
    func secure(_ connection: OpaquePointer, with certificate: TLSCertificate, traffic: TLSLayer.Traffic) {
        tls = mhd_tls_session(connection).map {
            TLSLayer($0, on: descriptor, certificate: certificate, traffic: traffic)
        }
    }

    /// Begins the request with this raw target.
    func begin(target: UnsafePointer<CChar>?, now: MonotonicTime) {
        incoming = IncomingRequest(target: target)
        phase = .head
        clock.requestBegins(at: now)
    }

    /// Forgets the request, which is answered or lost.
    func finish(now: MonotonicTime) {
        incoming = nil
        phase = .idle
        clock.requestEnds(at: now)
    }

    /// The answer that the connection waits for, if it does.
    var pending: PendingAnswer? {
        if case .suspended(let pending) = phase { pending } else { nil }
    }

    /// Whether it is between two requests, and nothing waits to be read. Whoever has just connected is given `patience`
    /// seconds to say what for.
    func isQuiet(at now: MonotonicTime, patience: Double) -> Bool {
        guard case .idle = phase, clock.hasHadTime(at: now, patience), tls?.hasUnread != true else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) <= 0
    }

    /// Whether its request has been coming in for longer than `timeout` seconds.
    func isOverdue(at now: MonotonicTime, after timeout: Double) -> Bool {
        switch phase {
        case .idle, .head, .body: clock.isOverdue(on: descriptor, at: now, after: timeout)
        case .suspended, .answered: false
        }
    }

    /// Ends the traffic both ways; the library notices, and closes the connection.
    func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
