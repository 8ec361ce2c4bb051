import CMicroHTTPD
import Glibc
import HTTP

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
        /// The connection is suspended until the answer is delivered: another thread makes it, or it waits for a change.
        case suspended(PendingAnswer)
        /// The answer is on its way out.
        case answered
    }

    let descriptor: Int32
    /// The daemon of the library that has it.
    let daemon: Daemon
    let peer: String
    /// Its place in the loop's table.
    var index: Int
    var phase = Phase.idle
    @exclusivity(unchecked) var incoming: IncomingRequest?
    /// When the loop woke up for the latest part of the request.
    var receivedAt: MonotonicTime
    /// Whether it was answered before the whole body had come in, and so will be closed.
    var refusedEarly = false
    /// Whether bytes arrived that the library does not get to see; nothing more is read then.
    var isBroken = false
    /// When that was refused, past the library; nil before.
    private var refusedAt: MonotonicTime?
    /// Whether the library must not read on, because another thread makes the answer to what it has read.
    var isAnswerDue = false
    /// The wait of the present request; nil where it has not waited.
    var waiter: Waiter?
    /// Whether the client has closed its sending side.
    var hasEnded = false
    /// How much of the library's memory for it is left for an answer's head, in bytes.
    private(set) var memoryLeft = 0
    /// How many bytes of the body it holds of those that all bodies together may have.
    var bodyBytes = 0
    /// The source of the body.
    var bodySource = RequestSource.network(.other)
    @exclusivity(unchecked) private(set) var reader: RequestReader
    @exclusivity(unchecked) private var clock: RequestClock
    private var tls: TLSLayer?

    init(
        _ connection: OpaquePointer, of daemon: Daemon, index: Int, handingOn fields: RequestFieldSet,
        _ memory: ConnectionMemory, _ spare: SpareFields, now: MonotonicTime
    ) {
        self.daemon = daemon
        reader = RequestReader(handingOn: fields, memory, spare)
        descriptor = mhd_connection_descriptor(connection)
        peer = SocketAddress.text(of: mhd_client_address(connection))
        self.index = index
        receivedAt = now
        clock = RequestClock(connectedAt: now)
    }

    /// Turns on TLS; called before any input.
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

    /// Follows what has come in, before the library has seen it; returns how much of it the library may see.
    func received(_ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        reader.read(UnsafeMutableBufferPointer(start: bytes?.assumingMemoryBound(to: UInt8.self), count: count))
    }

    /// Takes the head, once all of it has come in.
    func readHead(method: UnsafePointer<CChar>?) {
        incoming?.readHead(method: method, fields: reader.takeFields())
        phase = .body
    }

    /// Whether the request may have a body that means something (RFC 9110, sections 9.3.1, 9.3.2 and 9.3.7).
    var wantsBody: Bool { incoming?.method.isSafe == false }

    /// Finds how much memory is left for the answer's head.
    func measure(_ memory: ConnectionMemory) {
        memoryLeft = memory.left(by: reader.current, unread: reader.unread)
    }

    /// What is wrong with the request that the library is at, if it is still to be refused.
    var fault: RequestReader.Fault? {
        switch phase {
        case .idle, .head, .body: isBroken && !refusedEarly ? reader.current.fault : nil
        case .suspended, .answered: nil
        }
    }

    /// The request that the library is at, as far as it has come in.
    var unfinished: IncomingRequest {
        if case .body = phase, let incoming { return incoming }
        var request = incoming ?? IncomingRequest(target: nil)
        request.readHead(method: reader.isHead ? "HEAD" : nil, fields: reader.takeFields())
        return request
    }

    /// Whether it was refused past the library.
    var isRefused: Bool { refusedAt != nil }

    /// Sends the last answer without the library, which waits for the rest of a request or has no memory left.
    func refuse(with answer: [UInt8], now: MonotonicTime) {
        phase = .answered
        refusedEarly = true
        refusedAt = now
        answer.withUnsafeBytes { bytes in
            if let tls { return tls.sendLast(bytes) }
            _ = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        // Output of the library after this is discarded.
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whether no further request can come and no answer is due: the client has closed its sending side, and everything it sent is
    /// read.
    var isSpent: Bool {
        switch phase {
        case .idle, .head, .body: break
        case .answered where isRefused: break
        case .suspended, .answered: return false
        }
        guard hasEnded, tls?.hasUnread != true else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
    }

    /// Drops the request, which is answered or lost.
    func finish(now: MonotonicTime) {
        incoming = nil
        isAnswerDue = false
        reader.next()
        phase = .idle
        clock.requestEnds(at: now)
    }

    /// The answer that the connection waits for, if it does.
    var pending: PendingAnswer? {
        if case .suspended(let pending) = phase { pending } else { nil }
    }

    /// Whether the connection is between two requests, with nothing left to read. A new connection has `patience` seconds to send its
    /// first request.
    func isQuiet(at now: MonotonicTime, patience: Double) -> Bool {
        if isRefused { return true }
        guard case .idle = phase, clock.hasHadTime(at: now, patience), tls?.hasUnread != true else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) <= 0
    }

    /// How long a refused client may take to read the refusal, in seconds.
    private static let patience = 2.0

    /// Whether its request has been coming in for longer than `timeout` seconds.
    func isOverdue(at now: MonotonicTime, after timeout: Double) -> Bool {
        if let refusedAt { return now > refusedAt + Self.patience }
        return switch phase {
        case .idle, .head, .body: clock.isOverdue(on: descriptor, at: now, after: timeout)
        case .suspended, .answered: false
        }
    }

    /// Ends the traffic both ways; the library notices, and closes the connection.
    func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

/// The memory that the library has for one connection: the head of a request, a record for each field and query parameter, what has
/// come in of later requests, and the answer's head share it.
///
/// Where the answer's head does not fit, the library closes the connection without an answer. So nothing may be done for a request
/// before it is certain that the head fits.
struct ConnectionMemory {
    /// What the library keeps of a field beside its line: 7 words, rounded up to 16 bytes.
    private static let record = 64

    /// How much of it an answer may take, in bytes, beside the origin that it repeats: what a request does is done only where as much is
    /// left. Links of polls can be longer, and those do nothing.
    static let answerHead = 1536

    /// How much there is, in bytes.
    let size: Int

    /// Whether a request leaves enough for any answer; it takes no less as it goes on.
    func hasCapacity(besides request: RequestReader.Extent, partialLine: Int = 0) -> Bool {
        left(by: request, unread: partialLine) >= Self.answerHead
    }

    /// What a request leaves for its answer, in bytes; at least 0.
    func left(by request: RequestReader.Extent, unread: Int) -> Int {
        let lines = request.blank + request.head + request.trailers + unread
        // Each part is rounded up to 16 bytes.
        return max(0, size - lines - 32 - Self.record * (request.fields + request.parameters))
    }
}
