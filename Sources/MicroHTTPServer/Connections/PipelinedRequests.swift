import HTTP

/// Requests that came in before the one in front of them was answered: what the reader of heads found out about each, in the order they came.
///
/// A client can put hundreds of tiny ones into a connection's memory. All but the first are packed into less than they took on the
/// wire, and are bounded; as they are used, each would take fifteen times as much.
struct PipelinedRequests {
    /// The most bytes that packed ones take.
    private static let mostBytes = 4 << 10

    /// The one that the library is at; nil where there are none.
    private(set) var first: (extent: RequestReader.Extent, fields: RequestFields)?
    private var packed: [UInt8] = []
    /// Where the next one begins among the packed bytes.
    private var start = 0

    /// Adds a request that has come in whole; answers false, and adds nothing, where there are too many.
    mutating func append(_ extent: RequestReader.Extent, _ fields: RequestFields) -> Bool {
        guard first != nil else {
            first = (extent, fields)
            return true
        }
        let bytes = fields.packed
        guard packed.count - start + bytes.count < Self.mostBytes else { return false }
        // What is left of an array that was taken from is moved to its beginning, so that it does not grow for ever.
        packed.removeSubrange(..<start)
        start = 0
        let numbers = [
            extent.blank, extent.head, extent.parameters, extent.fields, extent.trailers,
            extent.length.map { $0 + 1 } ?? 0, extent.end ?? 0, bytes.count,
        ]
        for number in numbers { append(number) }
        packed.append(contentsOf: bytes)
        return true
    }

    /// Takes the fields of the first one, once.
    mutating func takeFields() -> RequestFields? {
        guard let (extent, fields) = first else { return nil }
        first = (extent, RequestFields())
        return fields
    }

    /// Goes on to the next one; returns whether there was one to leave.
    mutating func next() -> Bool {
        guard first != nil else { return false }
        first = unpack()
        return true
    }

    private mutating func unpack() -> (RequestReader.Extent, RequestFields)? {
        guard start < packed.count else {
            packed = []
            start = 0
            return nil
        }
        var extent = RequestReader.Extent()
        extent.blank = takeNumber()
        extent.head = takeNumber()
        extent.parameters = takeNumber()
        extent.fields = takeNumber()
        extent.trailers = takeNumber()
        let length = takeNumber()
        extent.length = length == 0 ? nil : length - 1
        extent.end = takeNumber()
        extent.isHeadComplete = true
        let count = takeNumber()
        defer { start += count }
        return (extent, RequestFields(packed: packed[start..<start + count]))
    }

    /// Appends a number from 0 in groups of seven bits, the lowest first; the highest bit of a byte says that another follows.
    private mutating func append(_ number: Int) {
        var rest = UInt(bitPattern: number)
        while rest > 0x7F {
            packed.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        packed.append(UInt8(rest))
    }

    private mutating func takeNumber() -> Int {
        var (number, shift) = (UInt(0), UInt(0))
        while true {
            let byte = packed[start]
            start += 1
            number |= UInt(byte & 0x7F) << shift
            guard byte & 0x80 != 0 else { return Int(bitPattern: number) }
            shift += 7
        }
    }
}
