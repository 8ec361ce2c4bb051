/// The header fields of one request, kept as the bytes that came in: two allocations however many there are.
public struct RequestFields: Sendable {
    private struct Entry {
        let field: RequestField
        let start: Int32
        let end: Int32
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    /// A request without fields.
    public init() {}

    /// Adds one field line; a field may come more than once.
    public mutating func append(_ field: RequestField, _ value: some Sequence<UInt8>) {
        Array(value).withUnsafeBytes { append(field, $0) }
    }

    /// Adds one field line whose value lies in memory, as each that comes in does: not generic, so that it costs a copy.
    public mutating func append(_ field: RequestField, _ value: UnsafeRawBufferPointer) {
        if entries.isEmpty {
            bytes.reserveCapacity(512)
            entries.reserveCapacity(6)
        }
        let start = Int32(bytes.count)
        bytes.append(contentsOf: value)
        entries.append(Entry(field: field, start: start, end: Int32(bytes.count)))
    }

    /// The value of the first line with this name, if there is one.
    public subscript(field: RequestField) -> ArraySlice<UInt8>? {
        for entry in entries where entry.field == field { return bytes[Int(entry.start)..<Int(entry.end)] }
        return nil
    }

    /// The values of all lines with this name, in the order they came.
    public func all(_ field: RequestField) -> [ArraySlice<UInt8>] {
        entries.filter { $0.field == field }.map { bytes[Int($0.start)..<Int($0.end)] }
    }

    /// How many lines had this name.
    public func count(of field: RequestField) -> Int {
        entries.reduce(0) { $1.field == field ? $0 + 1 : $0 }
    }

    /// The value of a field that may come at most once, as text; nil where it does not come.
    ///
    /// - Throws: `malformed-request` where it comes twice or is not UTF-8.
    func onlyText(_ field: RequestField) throws(Problem) -> String? {
        guard let value = self[field] else { return nil }
        guard count(of: field) == 1 else { throw Problem(.malformedRequest, "\(field.name) is given twice.") }
        guard let text = String(validating: value, as: UTF8.self) else {
            throw Problem(.malformedRequest, "\(field.name) is not UTF-8.")
        }
        return text
    }
}
