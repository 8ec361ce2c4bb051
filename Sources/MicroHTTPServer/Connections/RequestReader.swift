import CMicroHTTPD
import Glibc
import HTTP

/// Follows the bytes of a connection from request to request: where each ends, and what is wrong with it (RFC 9112).
///
/// It sees them before the library does, which is more lenient, takes lines for others than they are where it is, overwrites what could
/// tell, and has no answer where its memory ends. So what is wrong never gets to the library: it is handed what comes before. A client may
/// send requests before it has the answers to earlier ones, so this can be ahead of the library.
struct RequestReader {
    /// What keeps a request, and all that follows on its connection, from being relied on.
    enum Fault {
        /// Its lines are not those of a head.
        case malformedHead
        /// It leaves no memory for an answer, or came with too many others before their answers.
        case headTooLarge
        /// It has no proper Host.
        case invalidHost
        /// Its fields do not agree on where its body ends.
        case ambiguousLength
        /// Its body is not in proper chunks.
        case malformedChunks
    }

    /// The sizes of the parts of one request, in bytes.
    struct Extent {
        /// Empty lines before it.
        var blank = 0
        /// From the request line to the empty line; final once the request's head has come in.
        var head = 0
        /// How many parameters the library takes out of the query, at most.
        var parameters = 0
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
    private static let longestLine = 1 << 20
    /// The longest line before a chunk, its extensions included: the library has other bounds in each version.
    private static let longestChunkLine = 1024

    private var place = Place.between
    /// The request that comes in.
    private var latest = Extent()
    /// The requests before that which the library is not done with, and their fields.
    private var earlier = PipelinedRequests()
    /// The beginning of a line whose end has not come in.
    private var partial: [UInt8] = []
    private let wanted: RequestFieldSet
    private let memory: ConnectionMemory
    private let spare: SpareFields
    private var framing: RequestFraming
    private var received = 0
    /// Why nothing is read any more; nil as long as all is well.
    private var fault: Fault?
    /// Up to where the library may have what has come in, if the latest request turns out to be too large.
    private var safe = 0

    /// - Parameters:
    ///   - wanted: the header fields that are handed on.
    ///   - memory: what the library has for the connection.
    ///   - spare: the memory for the fields of the next request.
    init(handingOn wanted: RequestFieldSet, _ memory: ConnectionMemory, _ spare: SpareFields) {
        self.wanted = wanted
        self.memory = memory
        self.spare = spare
        framing = RequestFraming(handingOn: wanted)
    }

    /// The request that the library is at.
    var current: Extent { earlier.first?.extent ?? latest }

    /// Hands over the fields of the current request, once; to be called when its head has come in.
    mutating func takeFields() -> RequestFields {
        if let fields = earlier.takeFields() { return fields }
        var fields = RequestFields()
        swap(&fields, &framing.fields)
        return fields
    }

    /// Whether the request that comes in is a `HEAD`, as far as its request line has come in.
    var isHead: Bool { latest.head > 0 && framing.isHead }

    /// How many bytes have come in that belong to later requests.
    var unread: Int { current.end.map { received - $0 } ?? 0 }

    /// Goes on to the next request: the library is done with the current one.
    mutating func next() {
        if earlier.next() { return }
        if latest.end != nil {
            latest = Extent()
            latest.fault = fault
        } else {
            place = .lost
        }
    }

    /// Reads what has come in; returns how much of it the library may have, which is all of it as long as nothing is wrong.
    ///
    /// It renames cookies: the library would copy them, and no handler reads them.
    mutating func read(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let before = received
        received += bytes.count
        var taken = 0
        while taken < bytes.count {
            let step = readPart(bytes, from: taken, at: before + taken)
            taken += step
            if case .lost = place { return handOver(taken, of: bytes.count) }
        }
        guard latest.end == nil, !memory.hasCapacity(besides: latest, partialLine: partial.count) else { return taken }
        fail(.headTooLarge)
        return handOver(max(0, safe - before), of: bytes.count)
    }

    /// Input that the library does not get takes none of its memory.
    private mutating func handOver(_ part: Int, of count: Int) -> Int {
        received -= count - part
        return part
    }

    /// Reads a part of what has come in that is of one kind; returns how much that was, without a fault where there is one.
    private mutating func readPart(_ bytes: UnsafeMutableBufferPointer<UInt8>, from taken: Int, at offset: Int) -> Int {
        switch place {
        case .lost: return 0
        case .body(let left):
            let part = min(left, bytes.count - taken)
            place = .body(left: left - part)
            if part == left { end(at: offset + part) }
            return part
        case .chunk(let left):
            let part = min(left, bytes.count - taken)
            place = part == left ? .chunkEnd : .chunk(left: left - part)
            return part
        case .head where partial.isEmpty:
            let part = readFields(bytes, from: taken)
            guard taken + part < bytes.count else { return part }
            return part + readLine(bytes, from: taken + part, at: offset + part)
        case .between, .head, .chunkSize, .chunkEnd, .trailers:
            return readLine(bytes, from: taken, at: offset)
        }
    }

    /// Reads field lines for as long as they are whole and as they should be; returns how much that was. The way of most requests.
    private mutating func readFields(_ bytes: UnsafeMutableBufferPointer<UInt8>, from first: Int) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var (taken, fields) = (first, 0)
        while taken < bytes.count {
            let line = start + taken
            let left = bytes.count - taken
            let length = first_at_most(line, left, 0x1F, true)
            guard length > 0, length + 1 < left, line[length] == 0x0D, line[length + 1] == 0x0A,
                framing.add(line, length)
            else { break }
            taken += length + 2
            fields += 1
        }
        latest.head += taken - first
        latest.fields += fields
        return taken - first
    }

    private mutating func readLine(_ bytes: UnsafeMutableBufferPointer<UInt8>, from first: Int, at offset: Int) -> Int {
        let size = readLine(UnsafeMutableBufferPointer(rebasing: bytes[first...]), at: offset)
        if case .lost = place { return 0 }
        return size
    }

    /// Reads to the end of a line or of what there is; returns how much that was.
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
        if case .lost = place { return size }
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
        partial.reserveLittleMore(than: before + bytes.count)
        partial.append(contentsOf: bytes)
        if partial.count > Self.longestLine { return fail(.malformedHead) }
        // Some versions of the library answer such lines themselves before their end.
        switch place {
        case .between: if !isTextSoFar(from: before) { return fail(.malformedHead) }
        case .head: if !isTextSoFar(from: before) || !isFieldSoFar { return fail(.malformedHead) }
        case .trailers: if !isTextSoFar(from: before) || !isFieldSoFar { return fail(.malformedChunks) }
        case .chunkSize, .chunkEnd: if !isChunkLineSoFar { return fail(.malformedChunks) }
        case .body, .chunk, .lost: break
        }
        let cookie = RequestFraming.cookie.utf8CodeUnitCount
        guard case .head = place, before < cookie, partial.count >= cookie else { return }
        if partial.withUnsafeBytes({ UnsafeRawBufferPointer(rebasing: $0[..<cookie]).isName(RequestFraming.cookie) }) {
            bytes[cookie - 1 - before] = RequestFraming.hidden
        }
    }

    /// Whether a line that is kept in part has no control character besides tabs and its own end.
    ///
    /// - Parameter first: the place of the first byte that is new.
    private func isTextSoFar(from first: Int) -> Bool {
        // The byte before may be a carriage return, which only a line feed may follow.
        partial[max(0, first - 1)...].withUnsafeBufferPointer { line in
            guard let start = line.baseAddress else { return true }
            let length = first_at_most(start, line.count, 0x1F, true)
            switch line.count - length {
            case 0: return true
            case 1: return start[length] == 0x0D || start[length] == 0x0A
            case 2: return start[length] == 0x0D && start[length + 1] == 0x0A
            default: return false
            }
        }
    }

    /// Whether the beginning of a line of fields, kept in part, can become a field or the line that ends them.
    private var isFieldSoFar: Bool {
        partial.withUnsafeBufferPointer { line in
            guard let start = line.baseAddress else { return true }
            let name = RequestFraming.nameLength(start, line.count)
            guard name < line.count else { return true }
            return name > 0 ? start[name] == 0x3A : start[0] == 0x0D || start[0] == 0x0A
        }
    }

    /// Whether the beginning of a line around a chunk, kept in part, can become one.
    private var isChunkLineSoFar: Bool {
        var text = partial[...]
        if text.last == 0x0A { text.removeLast() }
        if text.last == 0x0D { text.removeLast() }
        if case .chunkEnd = place { return text.isEmpty }
        return text.count <= Self.longestChunkLine
            && text.withUnsafeBufferPointer { RequestFraming.chunkSize($0) != nil }
    }

    /// Takes a line, if its end is here: answers its size with the line's end.
    private mutating func take(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, at offset: Int) -> Int? {
        let length = first_at_most(start, count, 0x1F, true)
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
        take(start, length, size: size, hasReturn, end: offset + size)
        return size
    }

    private mutating func take(
        _ line: UnsafeMutablePointer<UInt8>, _ length: Int, size: Int, _ hasReturn: Bool, end: Int
    ) {
        switch place {
        case .between:
            guard keepEarlier() else { return fail(.headTooLarge) }
            guard length > 0 else { return latest.blank += size }
            framing = RequestFraming(handingOn: wanted, in: spare.take())
            latest.head = size
            place = .head
            if let fault = framing.begin(line, length) { return fail(fault) }
            latest.parameters = framing.parameters
            guard memory.hasCapacity(besides: latest) else { return fail(.headTooLarge) }
            safe = end
        case .head:
            latest.head += size
            if length == 0 { return endHead(at: end) }
            latest.fields += 1
            if !framing.add(line, length) { fail(.malformedHead) }
        case .chunkSize:
            guard hasReturn, length <= Self.longestChunkLine,
                let size = RequestFraming.chunkSize(UnsafeBufferPointer(start: line, count: length))
            else {
                return fail(.malformedChunks)
            }
            place = size == 0 ? .trailers : .chunk(left: size)
        case .chunkEnd:
            guard hasReturn, length == 0 else { return fail(.malformedChunks) }
            place = .chunkSize
        case .trailers:
            latest.trailers += size
            if length == 0 { return self.end(at: end) }
            latest.fields += 1
            if !RequestFraming.isField(line, length) { fail(.malformedChunks) }
        case .body, .chunk, .lost: break
        }
    }

    private mutating func endHead(at offset: Int) {
        if let fault = framing.fault { return fail(fault) }
        guard memory.hasCapacity(besides: latest) else { return fail(.headTooLarge) }
        latest.isHeadComplete = true
        latest.length = framing.isChunked ? nil : framing.length
        switch latest.length {
        case nil: place = .chunkSize
        case 0: end(at: offset)
        case let length?: place = .body(left: length)
        }
    }

    private mutating func end(at offset: Int) {
        latest.end = offset
        safe = offset
        place = .between
    }

    /// Keeps the extent of a request that the library is not done with when the next one begins; returns whether there is memory for it.
    private mutating func keepEarlier() -> Bool {
        guard latest.end != nil else { return true }
        guard earlier.append(latest, framing.fields) else { return false }
        latest = Extent()
        framing.fields = RequestFields()
        return true
    }

    private mutating func fail(_ fault: Fault) {
        self.fault = fault
        // Where the latest one cannot be kept, it is whole, and what comes behind it is at fault.
        if keepEarlier() { latest.fault = fault }
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
            case .headTooLarge: .headTooLarge
            case .invalidHost: .invalidHost
            case .ambiguousLength: .ambiguousLength
            case .malformedChunks: .malformedChunks
            }
    }
}

extension [UInt8] {
    /// Reserves space for this many bytes, without the spare half of its memory that a growing array would allocate.
    fileprivate mutating func reserveLittleMore(than size: Int) {
        if capacity < size { reserveCapacity(size + size / 8 + 64) }
    }
}
