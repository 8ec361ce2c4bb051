import CMicroHTTPD
import Glibc
import MessagingHTTP

/// Follows the bytes of a connection from request to request: where each ends, and what is wrong with it (RFC 9112).
///
/// It sees them before the library does, which is more lenient, takes lines for others than they are where it is, and overwrites
/// what could tell. A client may send requests before it has the answers to earlier ones, so this can be ahead of the library.
struct RequestReader {
    /// What keeps a request, and all that follows on its connection, from being relied on.
    enum Fault {
        /// Its lines are not those of a head.
        case malformedHead
        /// It has no proper Host.
        case invalidHost
        /// Its fields do not agree on where its body ends.
        case ambiguousLength
        /// Its body is not in proper chunks.
        case malformedChunks
    }

    /// What one request is made of, in bytes.
    struct Extent {
        /// Empty lines before it.
        var blank = 0
        /// From the request line to the empty line; final once the request's head has come in.
        var head = 0
        /// How many fields are in the head and behind the body.
        var fields = 0
        /// The fields behind a body in chunks, with the empty line.
        var trailers = 0
        /// The declared length of the body; nil for chunks.
        var length: Int? = 0
        var isHeadComplete = false
        /// How much the client had sent when its last byte was here; nil before.
        var end: Int?
        var fault: Fault?

        var hasBody: Bool { length != 0 }
    }

    private enum Place {
        case between, head, body(left: Int), chunkSize, chunk(left: Int), chunkEnd, trailers, lost
    }

    /// The longest line that is kept in part; the library's memory ends before.
    private static let longestLine = 128 * 1024

    private var place = Place.between
    /// The request that comes in.
    private var latest = Extent()
    /// The requests before that which the library is not done with.
    private var earlier: [Extent] = []
    /// The beginning of a line whose end has not come in.
    private var partial: [UInt8] = []
    private var framing = RequestFraming()
    private var received = 0

    /// The request that the library is at.
    var current: Extent { earlier.first ?? latest }

    /// How many bytes have come in that belong to later requests.
    var unread: Int { current.end.map { received - $0 } ?? 0 }

    /// Goes on to the next request: the library is done with the current one.
    mutating func next() {
        if !earlier.isEmpty {
            earlier.removeFirst()
        } else if latest.end != nil {
            latest = Extent()
        } else {
            place = .lost
        }
    }

    /// Reads what has come in. It renames cookies, which the library would copy, and nobody here reads.
    mutating func read(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        let before = received
        received += bytes.count
        var taken = 0
        while taken < bytes.count {
            switch place {
            case .lost: return
            case .body(let left):
                let part = min(left, bytes.count - taken)
                taken += part
                place = .body(left: left - part)
                if part == left { end(at: before + taken) }
            case .chunk(let left):
                let part = min(left, bytes.count - taken)
                taken += part
                place = part == left ? .chunkEnd : .chunk(left: left - part)
            case .between, .head, .chunkSize, .chunkEnd, .trailers:
                taken += readLine(UnsafeMutableBufferPointer(rebasing: bytes[taken...]), at: before + taken)
            }
        }
    }

    /// Reads to the end of a line or of what there is; answers how much that was.
    private mutating func readLine(_ bytes: UnsafeMutableBufferPointer<UInt8>, at offset: Int) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        if partial.isEmpty {
            if let size = take(start, bytes.count, at: offset) { return size }
            keep(bytes)
            return bytes.count
        }
        let newline = memchr(start, 0x0A, bytes.count)
        let size = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(start) + 1 } ?? bytes.count
        keep(UnsafeMutableBufferPointer(rebasing: bytes[..<size]))
        if newline != nil {
            var line = partial
            partial = []
            line.withUnsafeMutableBufferPointer {
                guard let start = $0.baseAddress else { return }
                if take(start, $0.count, at: offset + size - $0.count) != $0.count { fail(.malformedHead) }
            }
        }
        return size
    }

    private mutating func keep(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        let before = partial.count
        partial.append(contentsOf: bytes)
        if partial.count > Self.longestLine { return fail(.malformedHead) }
        let cookie = RequestFraming.cookie.utf8CodeUnitCount
        guard case .head = place, before < cookie, partial.count >= cookie else { return }
        if partial.withUnsafeBytes({ UnsafeRawBufferPointer(rebasing: $0[..<cookie]).isName(RequestFraming.cookie) }) {
            bytes[cookie - 1 - before] = RequestFraming.hidden
        }
    }

    /// Takes a line, if its end is here: answers its size with the line's end.
    private mutating func take(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, at offset: Int) -> Int? {
        let length = first_at_most(start, count, 0x1F)
        guard length < count else { return nil }
        var size = length + 1
        let hasReturn = start[length] == 0x0D
        if hasReturn {
            guard size < count else { return nil }
            size += 1
        }
        guard start[size - 1] == 0x0A else {
            fail(.malformedHead)
            return count
        }
        take(UnsafeMutableBufferPointer(start: start, count: length), size: size, hasReturn, end: offset + size)
        return size
    }

    private mutating func take(
        _ line: UnsafeMutableBufferPointer<UInt8>, size: Int, _ hasReturn: Bool, end: Int
    ) {
        switch place {
        case .between:
            keepEarlier()
            guard !line.isEmpty else { return latest.blank += size }
            framing = RequestFraming()
            latest.head = size
            place = .head
            if !framing.begin(line) { fail(.malformedHead) }
        case .head:
            latest.head += size
            if line.isEmpty { return endHead(at: end) }
            latest.fields += 1
            if !framing.add(line) { fail(.malformedHead) }
        case .chunkSize:
            guard hasReturn, let size = RequestFraming.chunkSize(line) else { return fail(.malformedChunks) }
            place = size == 0 ? .trailers : .chunk(left: size)
        case .chunkEnd:
            guard hasReturn, line.isEmpty else { return fail(.malformedChunks) }
            place = .chunkSize
        case .trailers:
            latest.trailers += size
            if line.isEmpty { return self.end(at: end) }
            latest.fields += 1
            if !RequestFraming.isField(line) { fail(.malformedChunks) }
        case .body, .chunk, .lost: break
        }
    }

    private mutating func endHead(at offset: Int) {
        latest.isHeadComplete = true
        if let fault = framing.fault { return fail(fault) }
        latest.length = framing.isChunked ? nil : framing.length
        switch latest.length {
        case nil: place = .chunkSize
        case 0: end(at: offset)
        case let length?: place = .body(left: length)
        }
    }

    private mutating func end(at offset: Int) {
        latest.end = offset
        place = .between
    }

    /// Makes way for a request that comes before the library is done with the one before it.
    private mutating func keepEarlier() {
        guard latest.end != nil else { return }
        earlier.append(latest)
        latest = Extent()
    }

    private mutating func fail(_ fault: Fault) {
        keepEarlier()
        latest.fault = fault
        place = .lost
        partial = []
    }
}

extension TransportRefusal {
    /// Why a request with this fault is refused.
    init(_ fault: RequestReader.Fault) {
        self =
            switch fault {
            case .malformedHead: .malformedHead
            case .invalidHost: .invalidHost
            case .ambiguousLength: .ambiguousLength
            case .malformedChunks: .malformedChunks
            }
    }
}
