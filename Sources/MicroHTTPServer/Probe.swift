import CMicroHTTPD
import Glibc

/// Asks a server on this machine for one resource, to learn whether it answers; for a thread that may wait.
///
/// A certificate is not verified: the question goes to an address of this machine, and the answer is no secret.
public struct Probe: Sendable {
    /// The answer, as far as a probe needs it.
    public struct Answer: Sendable, Equatable {
        /// The status code.
        public let status: Int
        /// The body, of which at most 8 KiB are kept; bytes that are not UTF-8 are replaced.
        public let body: String

        /// Reads a response of HTTP/1.1 whose connection has been closed behind it; nil where the bytes are none.
        public init?(response: [UInt8]) {
            let text = String(decoding: response, as: UTF8.self)
            // By scalars: a carriage return and the line feed behind it are one character.
            let statusLine = /HTTP\/1\.[01] ([0-9]{3})[ \r]/.matchingSemantics(.unicodeScalar)
            guard let match = text.prefixMatch(of: statusLine), let status = Int(match.1),
                let end = text.firstRange(of: "\r\n\r\n")
            else { return nil }
            self.status = status
            body = String(text[end.upperBound...])
        }
    }

    private static let mostBytes = 8192

    private let host: String
    private let port: UInt16
    private let usesTLS: Bool
    private let deadline: MonotonicTime

    /// Creates a probe.
    ///
    /// - Parameters:
    ///   - host: an IPv4 or IPv6 address, or `localhost`. The address of all interfaces stands for loopback.
    ///   - seconds: how long the probe takes at most, from now on.
    public init(host: String, port: UInt16, usesTLS: Bool, within seconds: Double) {
        self.host = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        self.port = port
        self.usesTLS = usesTLS
        deadline = .now + seconds
    }

    /// Asks for a path and returns the answer.
    ///
    /// - Throws: a ``ServerError`` whose reason is the system's or the TLS library's text, for one that nobody answers in time too.
    public func ask(for path: String) throws(ServerError) -> Answer {
        let address = try SocketAddress(host: host, port: port)
        let descriptor = try address.makeStream()
        defer { close(descriptor) }
        try limitWaiting(descriptor)
        guard address.withPointer({ connect(descriptor, $0, $1) }) == 0 else {
            throw .system("connect", errno: errno == EINPROGRESS ? ETIMEDOUT : errno)
        }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        let response = usesTLS ? try exchangeTLS(request, descriptor) : try exchange(request, descriptor)
        guard let answer = Answer(response: response) else {
            throw .system(operation: "the answer", reason: "it is no response of HTTP/1.1")
        }
        return answer
    }

    /// Bounds each call on the socket by the time that is left (socket(7)).
    private func limitWaiting(_ descriptor: Int32) throws(ServerError) {
        let left = MonotonicTime.now.nanoseconds(until: deadline)
        guard left > 0 else { throw .system("waiting for an answer", errno: ETIMEDOUT) }
        // Zero would be no limit.
        var limit = timeval(tv_sec: left / 1_000_000_000, tv_usec: max(1, left % 1_000_000_000 / 1000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    private func exchange(_ request: [UInt8], _ descriptor: Int32) throws(ServerError) -> [UInt8] {
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw .system("send")
        }
        return try readToEnd(descriptor) { recv(descriptor, $0, $1, 0) }
    }

    private func exchangeTLS(_ request: [UInt8], _ descriptor: Int32) throws(ServerError) -> [UInt8] {
        let session = try ProbeSession(on: descriptor)
        try session.shakeHands { () throws(ServerError) in try limitWaiting(descriptor) }
        guard session.send(request) else { throw .system("send") }
        return try readToEnd(descriptor, session.receive)
    }

    /// Reads until the server has closed the connection, or sent as much as is kept.
    private func readToEnd(
        _ descriptor: Int32, _ receive: (UnsafeMutableRawPointer, Int) -> Int
    ) throws(ServerError) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: Self.mostBytes)
        while bytes.count < Self.mostBytes {
            try limitWaiting(descriptor)
            let count = part.withUnsafeMutableBytes { buffer in
                // A buffer of that many bytes has an address.
                buffer.baseAddress.map { receive($0, buffer.count) } ?? 0
            }
            if count < 0, bytes.isEmpty {
                throw .system("waiting for an answer", errno: errno == EAGAIN ? ETIMEDOUT : errno)
            }
            guard count > 0 else { break }
            bytes += part.prefix(count)
        }
        return bytes
    }
}
