import CMicroHTTPD

/// Measures how long a request has been incoming.
///
/// Between two requests the library reports nothing until a whole request line has arrived, so it does not notice a client that sends
/// a request line very slowly. The kernel's count of received bytes does. It is read only for connections that have rested for half of
/// the time-out, which those of polling clients never do.
struct RequestClock {
    /// When the connection was made, or its last request ended.
    private var restingSince: MonotonicTime
    /// What the peer had sent when it was first looked at since then.
    private var receivedBefore: UInt64?
    /// When the request was first seen to be coming. The first one of a connection has to come at once.
    private var comingSince: MonotonicTime?

    init(connectedAt now: MonotonicTime) {
        restingSince = now
        comingSince = now
    }

    mutating func requestBegins(at now: MonotonicTime) {
        if comingSince == nil { comingSince = now }
    }

    mutating func requestEnds(at now: MonotonicTime) {
        restingSince = now
        receivedBefore = nil
        comingSince = nil
    }

    /// Whether a request was made before, or `seconds` have passed since it was connected.
    func hasHadTime(at now: MonotonicTime, _ seconds: Double) -> Bool {
        comingSince == nil || now > restingSince + seconds
    }

    /// Whether a request has been coming in on this socket for longer than `timeout` seconds.
    mutating func isOverdue(on descriptor: Int32, at now: MonotonicTime, after timeout: Double) -> Bool {
        if comingSince == nil, now > restingSince + timeout / 2 { look(at: descriptor, now: now) }
        guard let comingSince else { return false }
        return now > comingSince + timeout
    }

    private mutating func look(at descriptor: Int32, now: MonotonicTime) {
        let received = mhd_bytes_received(descriptor)
        if let receivedBefore, received > receivedBefore { comingSince = now }
        receivedBefore = receivedBefore ?? received
    }
}
